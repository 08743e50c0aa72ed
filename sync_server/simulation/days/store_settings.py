"""The simulated store's settings: a small store where everything happens within seconds."""

from sync_server.simulation.small_store import need, small_store

PIN = "482913"
SKILLS = {"maya": ["repair", "sales"], "sam": ["sales"], "tom": ["repair"], "ines": []}
EMPLOYEES = tuple(SKILLS)

NEEDS = (
    need(
        "repair",
        "It is broken",
        "tool",
        'skills = ["repair"]\ntarget_wait_s = 12\ntarget_service_s = 5',
    ),
    need(
        "buy",
        "I want to buy",
        "bag",
        'skills = ["sales"]\nprefer = ["repair"]\npriority = 1\ntarget_wait_s = 9\ntarget_service_s = 5',
    ),
    need("ask", "A question", "bulb", "target_wait_s = 9\ntarget_service_s = 3"),
)

STORE_TOML = small_store(
    "Simulated shop",
    "18:00",
    "\n".join(NEEDS),
    SKILLS,
    tables="[times]\noffer_s = 3\nask_again_s = 4\nwrap_up_s = 0.5\ncredit_s = 6\n",
)
