# What script/setup, script/server and script/test share. Read by bash, 3.2 (macOS) or newer.

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

readonly VENV=.venv
readonly PYTHON=$VENV/bin/python
readonly STAMP=$VENV/.moxie-setup
readonly SETUP_LOG=$VENV/setup.log

say() { printf '%s\n' "$*"; }
# Prints an English text, or the Spanish one where the locale is Spanish.
words() {
  case ${LC_ALL:-${LC_MESSAGES:-${LANG:-}}} in
    es | es[_.@]*) say "$2" ;;
    *) say "$1" ;;
  esac
}
left_out() { printf '%s: %s\n' "$(words "left out" "se omitió")" "$*"; }
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# As root, with sudo where that asks nothing; fails where neither is possible.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif have sudo && sudo -n true 2>/dev/null; then
    sudo -n "$@"
  else
    return 1
  fi
}
can_be_root() { as_root true; }

# Some programs are installed where only root looks.
have_mosquitto() { have mosquitto || [ -x /usr/sbin/mosquitto ] || [ -x /opt/homebrew/sbin/mosquitto ] || [ -x /usr/local/sbin/mosquitto ]; }

is_recent_python() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

# Prints the first Python that is new enough; $PYTHON3 wins.
find_python() {
  local candidate
  for candidate in ${PYTHON3:-} python3 python3.13 python3.12 python3.11 python3.14; do
    if have "$candidate" && is_recent_python "$candidate"; then
      command -v "$candidate"
      return
    fi
  done
  return 1
}

how_to_install_python() {
  if have apt-get; then
    say "sudo apt-get install python3 python3-venv ($(words "Debian 12, Ubuntu 24.04, Raspberry Pi OS 12 or newer" \
      "Debian 12, Ubuntu 24.04, Raspberry Pi OS 12 o más nuevo"))"
  elif [ "$(uname)" = Darwin ]; then
    words "brew install python, or the installer from python.org" \
      "brew install python, o el instalador de python.org"
  else
    words "your system's package of it, with venv" "el paquete de tu sistema, con venv"
  fi
}
