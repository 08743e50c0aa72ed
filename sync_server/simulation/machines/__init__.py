"""The computers of a simulated store: the product's server and devices with a clock and a disk in memory."""
