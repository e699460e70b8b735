# Installs what a script needs and this machine lacks, and says so. Sourced by ./test and ./drill, which say what
# say and give_up do and where $logs are.

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

apt_install() {
  say "Installing $* (apt-get; log: $logs/apt.log)"
  {
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
  } >>"$logs/apt.log" 2>&1 || give_up "apt-get could not install $*. Install it yourself and try again. $(tail -3 "$logs/apt.log")"
}

need_apt() { command -v apt-get >/dev/null || give_up "$1 is missing and there is no apt-get here. Install it and try again."; }

has_postgres() {
  local place
  [ -z "${TEST_PG_BIN:-}" ] && ! command -v initdb >/dev/null || return 0
  for place in /usr/lib/postgresql/*/bin/initdb /opt/homebrew/opt/postgresql*/bin/initdb /usr/local/opt/postgresql*/bin/initdb; do
    [ ! -x "$place" ] || return 0
  done
  return 1
}

ensure_postgres() {
  ! has_postgres || return 0
  need_apt PostgreSQL
  # The package would make and start a server of its own, which nobody here asked for.
  apt_install postgresql-common
  as_root sed -i 's/^#\?create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
  apt_install postgresql
}

# A wall clock that can be set for one process. Without it a drill leaves that out.
ensure_faketime() {
  ! ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/dev/null 2>&1 && command -v apt-get >/dev/null || return 0
  apt_install faketime
}
