# `make demo` and `make test` need python3 (3.11 or newer, with venv) and a package registry, nothing else.
# What each check does stands in .ci/run; how .venv is made, in .ci/setup.

.PHONY: demo test campaign check lint types layers docs systemd debian bench setup constraints deb site reference release

demo test lint types layers docs systemd debian bench:
	@.ci/run $@

# Everything that decides whether a change lands.
check:
	@.ci/run

# Everything that we know to break it with, on this machine and its loopback; some minutes, one table.
# More: `.venv/bin/python -m tests.campaign --help`, docs/campaign.md.
campaign: setup
	.venv/bin/python -m tests.campaign

setup:
	@.ci/setup

# Pins the newest versions that pyproject.toml allows, for every Python and platform at once, with the hash of
# every file. Names no index host, so it serves any registry or mirror. Needs uv; nothing else here does.
constraints:
	uv pip compile pyproject.toml --all-extras --group dev --group build --universal --python-version 3.11 \
	    --only-binary :all: --generate-hashes --no-emit-index-url --no-emit-find-links \
	    --custom-compile-command "make constraints" --upgrade --quiet --output-file constraints.txt

# dist/media-monitor_VERSION_ARCH.deb, for the Debian that this runs on: docs/operations.md says what is in it.
deb:
	@packaging/debian/build

# build/site: the documents as pages that need no server and no network; index.html is the first.
site: setup
	@.venv/bin/python -m handbook site

# The pages of docs/ that the program writes: commands, keys, tables, metrics, log lines, the list of decisions.
reference: setup
	@.venv/bin/python -m handbook reference

# dist/: wheel, source, Debian package, bill of materials and checksums; docs/releases.md.
release: setup
	@.venv/bin/python -m release
