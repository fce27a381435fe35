# Copies while orders come in, the way back, and what the doctor says.
county

story P.4 a copy is taken while the server works, verified, and is of one instant
at 22:40
order villager1 1:1 -> 200
send GET /metrics as nobody -> 200
expect body "cunhuo_last_backup_timestamp_seconds 0" = 1
run cunhuo backup $folder before
send GET /metrics as nobody -> 200
expect body "cunhuo_last_backup_timestamp_seconds" = 2
expect body "cunhuo_last_backup_timestamp_seconds 0" = 0
crowd 120 1:1 turning 22:41:00.000 meanwhile cunhuo backup $folder during
check before
check during
expect sql of before "SELECT count(*) FROM shop_order" = 1
expect sql of during "SELECT count(*) FROM shop_order" >= 1
expect sql "SELECT count(*) FROM shop_order" = 121
fails 2 "A new folder is needed" cunhuo backup $folder before

story P.4 the monthly test of a restore is one command, and leaves nothing behind
run cunhuo backup --try $folder
run cunhuo backup --try $folder --json
run sh -c '! ls | grep -E "try|part|back[.]"'

story P.4 a county that is served is not restored over
fails 2 "This county is being served" cunhuo restore before $folder
expect sql "SELECT count(*) FROM shop_order" = 121

story P.4 a damaged copy, half a copy and no copy take nobody's place
stop
run sh -c 'cp -r before torn && dd if=/dev/zero of=torn/county.db bs=4096 seek=30 count=20
 conv=notrunc 2>/dev/null'
fails 1 "malformed" cunhuo restore torn $folder
fails 2 "There is no copy of a county here" cunhuo restore nothing $folder
expect sql "SELECT count(*) FROM shop_order" = 121

story P.4 restored, the county is as it was then, goes on, and what was there is kept
run cunhuo restore before $folder
start
expect sql "SELECT count(*) FROM shop_order" = 1
at 22:50
order villager2 1:1 -> 200
check
run sh -c 'test $(ls -d *.before-* | wc -l) = 1'

story P.4 the doctor says what is wrong and what to do
fails 1 "there was none yet" cunhuo doctor $folder
run cunhuo backup $folder fresh
run cunhuo doctor $folder
fails 0 "synchronised" cunhuo doctor $folder --json
run mv $folder/county.road away.road
fails 1 "no bus can be planned" cunhuo doctor $folder
fails 1 "cunhuo init" cunhuo doctor nowhere
