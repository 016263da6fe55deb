#!/usr/bin/env bash
# Installs the speech service for the user who runs this, as a systemd user service; again and again
# if need be. Without systemd it sets everything up and tells the command that starts it.
#
#   ./install.sh               install, or bring up to date
#   ./install.sh --hive        the hive and its broker instead, or beside it
#   ./install.sh --run         run it in this terminal, with the same settings; Ctrl-C stops it
#   ./install.sh --manage …    run a management command, with the same settings
#   ./install.sh --uninstall   stop both and take the services away; settings and history stay
set -euo pipefail
called_from=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")"

project=$(cd ../.. && pwd)
configuration=${XDG_CONFIG_HOME:-$HOME/.config}
units=$configuration/systemd/user
settings=$configuration/moxie-tts.env
python=$project/.venv/bin/python
speech=moxie-tts.service hive=moxie-hive.service

has_systemd() { command -v systemctl >/dev/null && systemctl --user show-environment >/dev/null 2>&1; }
is_installed() { [ -e "$units/$1" ]; }

install() { # unit, options of prepare
  local unit=$1
  shift
  "$project/script/setup" --no-site
  install_settings
  if has_systemd; then
    # Both, because the database is brought up to date.
    systemctl --user stop "$speech" "$hive" 2>/dev/null || true
  fi
  # Here and not in the service: a password is for this terminal, not for the journal.
  (become "$project" prepare "$@")
  if has_systemd; then
    write_unit "$unit"
    start_services "$unit"
  elif [ "$unit" = "$hive" ]; then
    echo "There is no systemd for users here. This starts hive and broker:"
    echo "  '$PWD/install.sh' --manage run_all --without-speech"
  else
    echo "There is no systemd for users here. This starts the service:"
    echo "  '$PWD/install.sh' --run"
  fi
}

tell_of_other_computer() {
  if is_installed "$hive"; then return; fi
  echo "A hive that 'script/server' runs on another computer is started there with"
  echo "  script/server --without-speech"
  echo "or each sentence is spoken on both."
}

start_services() { # the new unit
  systemctl --user daemon-reload
  systemctl --user enable --quiet "$1"
  for unit in "$hive" "$speech"; do # the broker first
    if is_installed "$unit"; then systemctl --user restart "$unit"; fi
  done
  echo "Started $1, now and at every login. Its log:"
  echo "  journalctl --user -u $1 -f"
  stay_after_logout
}

# Becomes a management command with the service's settings, in directory $1; without a command the
# service itself.
become() {
  local app=$PWD/app.py
  [ ! -e "$settings" ] || load_settings
  cd "$1"
  shift
  exec "$python" "$app" "$@"
}

# As systemd reads the file, not as a shell would: nothing in it is carried out or replaced.
load_settings() {
  local line name value setting='^[[:space:]]*([A-Za-z_][A-Za-z0-9_]*)=[[:space:]]*(.*)$'
  local quoted="^(\"(.*)\"|'(.*)')\$"
  while IFS= read -r line || [ -n "$line" ]; do
    [[ $line =~ $setting ]] || continue
    name=${BASH_REMATCH[1]} value=${BASH_REMATCH[2]}
    value=${value%"${value##*[![:space:]]}"}
    if [[ $value =~ $quoted ]]; then
      value=${BASH_REMATCH[2]}${BASH_REMATCH[3]}
    fi
    export "$name=$value"
  done <"$settings"
}

install_settings() {
  if [ -e "$settings" ]; then
    echo "Settings, as they were: $settings"
    return
  fi
  mkdir -p "$configuration"
  (umask 077 && cp moxie-tts.env.example "$settings")
  echo "Settings, to be looked at: $settings"
}

write_unit() { # unit
  # In a unit % has a meaning, in sed's replacement & \ and | have.
  local escaped
  escaped=$(printf '%s' "$project" | sed -e 's/%/%%/g' -e 's/[&\|]/\\&/g')
  mkdir -p "$units/$1.d"
  sed "s|@PROJECT@|$escaped|g" "$1" >"$units/$1"
  echo "Service: $units/$1"
  if can_be_hardened; then
    cp hardening.conf "$units/$1.d/hardening.conf"
  else
    rm -f "$units/$1.d/hardening.conf"
    echo "left out: hardening, because this system has no user namespaces for users"
  fi
}

can_be_hardened() {
  local -a properties
  mapfile -t properties < <(sed -n 's/^[A-Z][A-Za-z]*=/-p\n&/p' hardening.conf)
  systemd-run --user --wait --collect --quiet "${properties[@]}" true 2>/dev/null
}

stay_after_logout() {
  if ! loginctl enable-linger >/dev/null 2>&1; then
    echo "To have it run while nobody is logged in: sudo loginctl enable-linger $(id -un)"
  fi
}

uninstall() {
  for unit in "$speech" "$hive"; do
    if has_systemd; then
      systemctl --user disable --now --quiet "$unit" 2>/dev/null || true
    fi
    rm -rf "${units:?}/$unit" "${units:?}/$unit.d"
  done
  if has_systemd; then
    systemctl --user daemon-reload
  fi
  echo "The services are gone. What stays: $settings and $project"
}

case ${1:-} in
  "")
    install "$speech" --monitor
    tell_of_other_computer
    ;;
  --hive) install "$hive" ;;
  --run) become "$project" ;;
  --manage)
    shift
    become "$called_from" "${@:-help}"
    ;;
  --uninstall) uninstall ;;
  *)
    echo "usage: $0 [--hive | --run | --manage COMMAND | --uninstall]" >&2
    exit 2
    ;;
esac
