# The front door. `make help` lists what there is; tools/build and tools/run-tests do the work.
.DEFAULT_GOAL := build
.PHONY: build demo test quick bench bench-road bench-route bench-route-full crash fuzz check \
    acceptance tidy clean help

N ?= 200
SECONDS ?= 60
ROADS = $(CUNHUO_TEST_DATA)/roads

build:    ## the program: build/cunhuo
	@tools/setup run && tools/build program

demo: build  ## a night of the demo county, then its server; FAST=1 ends, EXTRACT=file.osm.pbf elsewhere
	@build/cunhuo demo --folder build/demo $(if $(FAST),--fast) $(if $(EXTRACT),--extract '$(EXTRACT)')

test:     ## every test; the last line is the sum
	@tools/setup test && tools/run-tests

quick:    ## the inner loop: tidy, unit tests on SQLite, stories; under 60 s
	@tools/setup test && tools/run-tests --quick

bench:    ## figures, beside a peer or a limit measured in the same run
	@tools/setup bench && tools/build program && bench/run

bench-route:  ## the optimiser beside PyVRP and VROOM: 8 instances, 10 s each, one core
	@tools/setup test && tools/build program && bench/route

bench-route-full:  ## idem: all instances, 30 s, three seeds; goes on where it was broken off
	@tools/setup test && tools/build program && bench/route --full

bench-road:  ## our roads beside OSRM and Valhalla; EXTRACT=, POINTS=, WAY= choose others
	@tools/setup bench && bench/road $(or $(EXTRACT),$(ROADS)/andorra-2025.osm.pbf) \
	    $(or $(POINTS),$(ROADS)/reference/andorra-2025-on.csv) --way $(or $(WAY),247995246) \
	    $(if $(EXTRACT),,--closed $(ROADS)/reference/andorra-2025-closed.csv)

crash:    ## kill -9 in the order storm, N=200 times
	@tools/setup test && tools/build program && \
	    CUNHUO=build/cunhuo CUNHUO_KILLS=$(N) tests/crash/run

fuzz:     ## every fuzz target, SECONDS=60 each
	@tools/setup test && tools/build fuzz && tools/fuzz long $(SECONDS)

check:    ## slow: thread sanitizer, clang-tidy, cppcheck, fuzzing
	@tools/setup check && tools/check

acceptance:  ## acceptance ids and the tests that show them
	@tools/acceptance

tidy:     ## the conventions that a compiler does not see
	@tools/tidy

clean:    ## throws build/ away
	rm -rf build

help:
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' Makefile | expand -t 20
