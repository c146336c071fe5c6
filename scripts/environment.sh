# shellcheck shell=bash
# Makes .venv and installs into it; sourced by scripts/demo and scripts/test from the top of the checkout, under
# "set -euo pipefail".
#
# Needs bash and a Python of 3.11 or later. Everything else is looked for, and said plainly when it can't be had.

venv=.venv
log=.venv-setup.log

fail() {
  printf 'carafe: %s\n' "$*" >&2
  exit 1
}

is_root() { [ "$(id -u)" -eq 0 ]; }

# apt_install PACKAGE ...: install what is missing where we may, and tell by the exit code whether it worked.
apt_install() {
  is_root && command -v apt-get >/dev/null || return 1
  printf '  installing with apt: %s\n' "$*"
  { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; } >>"$log" 2>&1
}

# find_python: print the newest Python of at least 3.11 on PATH.
find_python() {
  local name
  for name in python3.13 python3.12 python3.11 python3 python; do
    if command -v "$name" >/dev/null && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$name"
      return
    fi
  done
  return 1
}

has_pip() { "$venv/bin/python" -m pip --version >/dev/null 2>&1; }

# Debian keeps pip out of its python3 package. An ordinary user may still download packages with apt-get, and unpack
# one without installing it, as long as every file goes to a folder of their own.
pip_from_debian() {
  command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return 1
  local folder wheel
  folder=$(mktemp -d) || return 1
  mkdir -p "$folder/lists/partial" "$folder/cache/archives/partial"
  (
    cd "$folder" || exit 1
    own=(-o "Dir::State::Lists=$folder/lists" -o "Dir::Cache=$folder/cache" -o APT::Sandbox::User=)
    apt-get "${own[@]}" update && apt-get "${own[@]}" download python3-pip-whl && dpkg-deb -x ./*.deb unpacked
  ) >>"$log" 2>&1
  wheel=$(echo "$folder"/unpacked/usr/share/python-wheels/pip-*.whl)
  [ -f "$wheel" ] && PYTHONPATH=$wheel "$venv/bin/python" -m pip install --no-index --no-deps "$wheel" >>"$log" 2>&1
  local code=$?
  rm -rf "$folder"
  return "$code"
}

# make_venv: make $venv with a working pip, by the first way that this machine allows.
make_venv() {
  [ -x "$venv/bin/python" ] && { has_pip || "$venv/bin/python" -m ensurepip >>"$log" 2>&1; } && return
  local python
  python=$(find_python) || {
    apt_install python3 python3-venv && python=$(find_python)
  } || fail "no Python of 3.11 or later on PATH. On Debian or Ubuntu: apt-get install python3 python3-venv"
  printf '  making %s with %s\n' "$venv" "$("$python" --version)"
  "$python" -m venv --clear "$venv" >>"$log" 2>&1 && return
  apt_install python3-venv && "$python" -m venv --clear "$venv" >>"$log" 2>&1 && return
  # Without root, in order of how little is fetched.
  command -v uv >/dev/null && uv venv --quiet --clear --seed --python "$python" "$venv" >>"$log" 2>&1 && return
  "$python" -m virtualenv --clear "$venv" >>"$log" 2>&1 && return
  if "$python" -m venv --clear --without-pip "$venv" >>"$log" 2>&1; then
    "$python" -m pip --python "$venv/bin/python" install pip >>"$log" 2>&1 && return
    pip_from_debian && has_pip && return
  fi
  rm -rf "$venv"
  fail "this Python can't make a virtual environment with pip (see $log).
Install one of these and run the script again: python3-venv (Debian, Ubuntu: apt-get install python3-venv), uv, virtualenv."
}

digest() { cat "requirements/$1.txt" requirements/build.txt pyproject.toml | cksum | tr ' ' '-'; }

# installed LOCK: tell whether the environment is at this lock, as its stamp says.
installed() { [ "$(cat "$venv/carafe-$1" 2>/dev/null)" = "$(digest "$1")" ]; }

# install LOCK: bring the environment to requirements/LOCK.txt and the checkout itself; quick when nothing changed.
# The lock "dev" holds all that the others do.
install() {
  local lock=requirements/$1.txt
  make_venv
  if installed "$1" || installed dev; then return; fi
  printf '  installing about %s packages (the first time takes a minute or two)\n' "$(grep -c '^[a-z0-9]' "$lock")"
  "$venv/bin/python" -m pip install --disable-pip-version-check --no-input --no-compile --require-hashes \
    -r "$lock" -r requirements/build.txt 2>&1 | watch_pip || explain_pip
  compile_packages
  "$venv/bin/python" -m pip install --disable-pip-version-check --no-input --no-deps --no-build-isolation -e . \
    2>&1 | watch_pip || explain_pip
  digest "$1" >"$venv/carafe-$1"
}

# compile_packages: on every core what pip would compile on one. What can't be compiled is a template or made for another
# Python, and whatever is missing is compiled when it is imported.
compile_packages() {
  "$venv/bin/python" -m compileall -q -j 0 "$venv"/lib/python*/site-packages >>"$log" 2>&1 || true
}

# watch_pip: keep pip's words in the log; on a terminal, show in one line what it is at.
watch_pip() {
  local line
  while IFS= read -r line; do
    printf '%s\n' "$line" >>"$log"
    [ -t 1 ] && case $line in
      Collecting* | Downloading* | Installing*) printf '\r  %.70s\033[K' "$line" ;;
    esac
  done
  [ ! -t 1 ] || printf '\r\033[K'
}

explain_pip() {
  tail -n 15 "$log" >&2
  fail "installing failed; the whole log is in $log"
}
