"""Who may take part: devices by their keys, employees by PINs, managers by passwords, programs by tokens."""
