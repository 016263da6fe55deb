"""Django's admin: the history and what can be done with it in any OpenMoxie; voices, keys and what
could not be read where the speech service is.
"""

from ttsmonitor.admin import history  # noqa: F401  registers
from ttsmonitor.apps import is_plugged_in

if not is_plugged_in():
    from ttsmonitor.admin import service  # noqa: F401  what only the speech service has
