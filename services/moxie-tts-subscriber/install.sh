#!/usr/bin/env bash
# Installs the speech service for the user who runs this, as a systemd user service; again and again
# if need be. Without systemd it sets everything up and tells the command that starts it.
#
#   ./install.sh               install, or bring up to date
#   ./install.sh --run         run it in this terminal, with the same settings; Ctrl-C stops it
#   ./install.sh --manage …    run a management command, with the same settings
#   ./install.sh --uninstall   stop it and take the service away; settings and history stay
set -euo pipefail
called_from=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")"

project=$(cd ../.. && pwd)
configuration=${XDG_CONFIG_HOME:-$HOME/.config}
unit=$configuration/systemd/user/moxie-tts.service
settings=$configuration/moxie-tts.env
python=$project/.venv/bin/python

has_systemd() { command -v systemctl >/dev/null && systemctl --user show-environment >/dev/null 2>&1; }

install() {
  "$project/script/setup" --no-site
  install_settings
  if has_systemd; then
    systemctl --user stop moxie-tts.service 2>/dev/null || true
  fi
  # Here and not in the service: a password is for this terminal, not for the journal.
  (become "$project" prepare --monitor)
  if has_systemd; then
    start_service
  else
    echo "There is no systemd for users here. This starts the service:"
    echo "  '$PWD/install.sh' --run"
  fi
  echo "A hive that 'script/server' runs on another computer is started there with"
  echo "  script/server --without-speech"
  echo "or each sentence is spoken on both."
}

start_service() {
  write_unit
  systemctl --user daemon-reload
  systemctl --user enable --quiet moxie-tts.service
  systemctl --user restart moxie-tts.service
  echo "Started moxie-tts.service, now and at every login. Its log:"
  echo "  journalctl --user -u moxie-tts.service -f"
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

write_unit() {
  # In a unit % has a meaning, in sed's replacement & \ and | have.
  local escaped
  escaped=$(printf '%s' "$project" | sed -e 's/%/%%/g' -e 's/[&\|]/\\&/g')
  mkdir -p "$(dirname "$unit")"
  sed "s|@PROJECT@|$escaped|g" moxie-tts.service >"$unit"
  echo "Service: $unit"
}

stay_after_logout() {
  if ! loginctl enable-linger >/dev/null 2>&1; then
    echo "To have it run while nobody is logged in: sudo loginctl enable-linger $(id -un)"
  fi
}

uninstall() {
  if has_systemd; then
    systemctl --user disable --now --quiet moxie-tts.service 2>/dev/null || true
  fi
  rm -f "$unit"
  if has_systemd; then
    systemctl --user daemon-reload
  fi
  echo "The service is gone. What stays: $settings and $project"
}

case ${1:-} in
  "") install ;;
  --run) become "$project" ;;
  --manage)
    shift
    become "$called_from" "${@:-help}"
    ;;
  --uninstall) uninstall ;;
  *)
    echo "usage: $0 [--run | --manage COMMAND | --uninstall]" >&2
    exit 2
    ;;
esac
