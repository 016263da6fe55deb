#!/usr/bin/env bash
# Installs the speech service for the user who runs this, as a systemd user service; again and again
# if need be. Without systemd it sets everything up and tells the command that starts it.
#
#   ./install.sh               install, or bring up to date
#   ./install.sh --uninstall   stop it and take the service away; settings and history stay
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

project=$(cd ../.. && pwd)
configuration=${XDG_CONFIG_HOME:-$HOME/.config}
unit=$configuration/systemd/user/moxie-tts.service
settings=$configuration/moxie-tts.env

has_systemd() { command -v systemctl >/dev/null && systemctl --user show-environment >/dev/null 2>&1; }

install() {
  "$project/script/setup" --no-site
  install_settings
  if ! has_systemd; then
    echo "There is no systemd for users here. This starts the service:"
    echo "  '$project/.venv/bin/python' '$project/services/moxie-tts-subscriber/app.py'"
    return
  fi
  write_unit
  systemctl --user daemon-reload
  systemctl --user enable --quiet moxie-tts.service
  systemctl --user restart moxie-tts.service
  echo "Started moxie-tts.service, now and at every login. Its log, with the first account:"
  echo "  journalctl --user -u moxie-tts.service -f"
  stay_after_logout
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
  --uninstall) uninstall ;;
  *)
    echo "usage: $0 [--uninstall]" >&2
    exit 2
    ;;
esac
