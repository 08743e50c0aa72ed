"""Every limit of the server, as a number. `docs/reference/limits.md` explains each of them.

The size of what one message may hold is defined with the messages: in `domain/ops.py` and `protocol/`.
"""

# --- connections of devices ---
MAX_UNAUTHENTICATED = 256  # connections on which no key was shown yet
MAX_CONNECTIONS_PER_DEVICE = 4
HANDSHAKE_MS = 3000  # for the whole handshake
BACKLOG = 512  # connections the system holds until the server accepts them, on each port
QUEUE_MESSAGES = 200  # waiting in a connection, each way

# --- messages of devices ---
MAX_FRAMES = 16  # of one message, which should have one; a device that sends more is blocked for a while
BLOCK_S = 60.0
MESSAGES_PER_S = 500  # of one device, in the long run
MESSAGES_BURST = 1500  # of one device, after a silence
MESSAGES_WAITING = 1500  # of one device, received and not done yet
BYTES_PER_MESSAGE = 8192  # no op is as large; a larger message counts as several
MAX_SIGN_INS = 2  # being checked, of one device
MAX_OPS_WAITING = 20_000  # done and not yet on disk

# --- the pages ---
WEB_CONNECTIONS = 500
WEB_ACCEPT_BATCH = 64  # accepted at once; devices are served in between
WEB_REQUEST_S = 10.0  # for a whole request, from the end of the one before
WEB_STALLED_S = 30.0  # for a client to read what waits for it, up to 64 KB, of an answer of any length
WEB_IDLE_S = 5  # between two requests
WEB_HEAD_BYTES = 16_384
WEB_BODY_BYTES = 16_384  # no other form is as large
WEB_SETTINGS_BYTES = 262_144  # a form of the settings: a list of people, or the file itself
WEB_PLAN_BYTES = 1_048_576  # a form with a shift plan: 5000 shifts as a calendar
API_VISITS_PER_MINUTE = 60  # opened with one token
API_REQUESTS_PER_MINUTE = 600  # of one token, of every kind
API_PAGE = 200  # items of one answer at most
API_REPORT_DAYS = 366  # of one report at most
API_TOKENS = 50  # of one store
ARRIVALS_AT_ONCE = 1000  # people of one report of a door sensor
ARRIVALS_LATE_MS = 7 * 86_400_000  # how old an arrival may be that a sensor reports
ARRIVAL_REPORTS_KEPT_MS = 8 * 86_400_000  # so long a report that is sent again is known as such
PHONE_RETURNS_PER_MINUTE = 20  # visits that all phones together open again, after a no-show or after leaving

# --- commands on the server's own computer ---
CONTROL_BYTES = 65_536  # of one command
CONTROL_REQUEST_S = 10.0  # for a whole command; its answer may take longer

# --- the enrolment port ---
ENROL_CONNECTIONS = 64
ENROL_CONNECTIONS_PER_ADDRESS = 8
ENROL_ACCEPT_BATCH = 16  # accepted at once; devices are served in between
ENROL_REQUEST_S = 5.0  # from the opening of the connection to the end of the answer
ENROL_HEAD_BYTES = 4096
ENROL_BURST = 40  # requests of one address, after a silence
ENROL_PER_S = 4.0  # requests of one address, in the long run

# --- pairing ---
# There is one chance in a million that an attacker in between gets the digits that a person compares. So that
# it cannot be tried a thousand times, the store accepts few requests. Codes are not touched by that limit.
PAIRING_WINDOW_MS = 600_000
PAIRING_REQUESTS = 10  # in that time, from everybody together
PAIRING_REQUESTS_PER_ADDRESS = 6
PAIRING_WAITING = 8  # to be approved, at once
PAIRING_STILL_MS = 2000  # a request must be shown for so long before it can be approved
PAIRING_SILENT_MS = 20_000  # a device that has not asked for so long is gone, and its request with it
PAIRING_CODES = 16  # valid at once
WRONG_CODES = 2000  # in that time, from everybody together
WRONG_CODES_PER_ADDRESS = 20  # so that an address that guesses does not shut others out
WALLS_ASKING = 32  # wall displays that show a code, at once
WALLS_ASKING_PER_ADDRESS = 8
WRONG_WALL_CODES = 20  # that managers have typed, in PAIRING_WINDOW_MS

# --- PINs and passwords: wrong ones that cost nothing, then the first pause, doubled up to the longest ---
# Each wrong PIN counts for the employee and for the tablet: another tablet does not help who guesses one
# employee's PIN, and another employee does not help who guesses on one tablet.
PIN_FREE_PER_EMPLOYEE = 5
PIN_FREE_PER_TABLET = 10
PASSWORD_FREE_PER_ADDRESS = 5
GUESS_PAUSE_S = 15
GUESS_MAX_PAUSE_S = 600
EMPLOYEE_FORGIVE_S = 3600  # one wrong try is forgotten after each such time without another
TABLET_FORGIVE_S = 600
ADDRESS_FORGIVE_S = 3600
CODE_FREE_PER_ACCOUNT = 5  # codes of a second factor
CODE_FORGIVE_S = 3600
# All addresses together from which nobody has signed in before.
PASSWORD_FREE_STRANGERS = 20
STRANGERS_PAUSE_S = 5
STRANGERS_MAX_PAUSE_S = 60
STRANGERS_FORGIVE_S = 60

# --- memory and disk ---
SETTINGS_KEPT = 200  # versions of the settings, in the history
READ_S = (
    60.0  # one read of the store for a page: no longer may it keep what was removed from being overwritten
)
MAX_ADDRESSES = 2000  # remembered for their rate
WARNINGS_PER_MINUTE = 20  # of one kind, in the log, so that nobody fills the disk with them on purpose
MAX_WARNING_KINDS = 1000  # remembered
OPEN_FILES = 16_384  # asked of the system at the start: each connection is an open file
