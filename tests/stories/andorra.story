# The same night over a real country's mountain roads and its place nodes.
slow
needs CUNHUO_TEST_DATA

story S1.4 a night runs over Andorra's roads, from the extract alone
run cunhuo demo --fast --folder andorra --extract $cunhuo_test_data/roads/andorra-2025.osm.pbf
report andorra/report.json
expect report orders >= 3000
expect report kept of promises >= 95%
expect report plan_ms < 60000
expect report ledger_imbalance = 0
expect report custody_gaps = 0
expect report oversold = 0
check andorra/county
