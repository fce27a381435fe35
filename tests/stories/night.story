# The night of issue 3, from the villager's order at 22:59 to the crate in the village at 11:00, in a
# fresh copy of the source, as README tells a newcomer.
slow

story P.1 from a fresh clone to a county at work by one command (first part: on this machine)
clone fresh
run make -C fresh demo FAST=1
report fresh/build/demo/report.json
expect report orders >= 3000

story S1.4 a night runs: with a breakdown and a closed road 95 % of promises are kept
expect report promises >= 3000
expect report kept of promises >= 95%
expect report consignments >= 3500
expect report vehicles >= 10
expect report cancelled >= 1
expect report busy = 0
expect report refused <= 100
expect report refused_acts = 0
expect report plan_ms < 60000

story S3.5 L.1 after the night no fen, no piece and no crate is missing
expect report ledger_imbalance = 0
expect report custody_gaps = 0
expect report oversold = 0
check fresh/build/demo/county

story P.4 the copy taken at 08:30 while serving is a county with its buses on the way
check fresh/build/demo/morning
start fresh/build/demo/morning
send GET /readyz as nobody -> 200
send GET /shop as nobody -> 200
send POST /login as nobody {"phone": "10000000001", "password": "kaihua-demo"} -> 200
expect sql "SELECT count(*) FROM trip WHERE state = 'underway'" >= 5
