"""The simulated shop's store.toml: a small shop where everything happens within seconds."""

PIN = "482913"
CLOSES = "18:00"
EMPLOYEES = ("maya", "sam", "tom", "ines")

STORE_TOML = """\
[store]
name = "Simulated shop"
timezone = "Europe/Amsterdam"
languages = ["en"]
closes = "18:00"

[times]
offer_s = 3
ask_again_s = 4
wrap_up_s = 0.5
credit_s = 6

[[skills]]
code = "repair"
text = { en = "Repairs" }

[[skills]]
code = "sales"
text = { en = "Sales" }

[[needs]]
code = "repair"
text = { en = "It is broken" }
icon = "tool"
skills = ["repair"]
target_wait_s = 12
target_service_s = 5

[[needs]]
code = "buy"
text = { en = "I want to buy" }
icon = "bag"
skills = ["sales"]
prefer = ["repair"]
priority = 1
target_wait_s = 9
target_service_s = 5

[[needs]]
code = "ask"
text = { en = "A question" }
icon = "bulb"
target_wait_s = 9
target_service_s = 3

[[places]]
code = "door"
text = { en = "By the door" }
icon = "door"

[[tips]]
code = "dry"
text = { en = "Keep it dry" }

[[gifts]]
code = "cable"
text = { en = "A cable" }
cents = 900

[[employees]]
id = "maya"
name = "Maya"
skills = ["repair", "sales"]

[[employees]]
id = "sam"
name = "Sam"
skills = ["sales"]

[[employees]]
id = "tom"
name = "Tom"
skills = ["repair"]

[[employees]]
id = "ines"
name = "Ines"
skills = []
"""
