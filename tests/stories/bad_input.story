# Bad input: a clear answer, nothing half done.
county
at 22:45

story S1.3 a price that was tampered with is refused, and the right sum is told
order villager1 1:2 total=-100 -> 409 field total_fen
order villager1 1:2 total=+1 -> 409 field total_fen
send POST /shop/orders as villager1 {"village": "$village", "day": $day, "pay": "demo", "total_fen": -1,
    "lines": [{"code": "$goods1", "quantity": 1}]} -> 422 field total_fen
send POST /shop/orders as villager1 {"village": "$village", "day": $day, "pay": "demo", "total_fen": 0,
    "lines": [{"code": "$goods1", "quantity": -3}]} -> 422
send POST /shop/orders as villager1 {"village": "$village", "day": $day, "pay": "demo",
    "total_fen": 1e309, "lines": []} -> 400 or 422
expect sql "SELECT count(*) FROM shop_order" = 0

story S1.1 unknown ids are refused, never guessed
order villager1 1:1 village=990824999999 -> 422 field village
send POST /shop/orders as villager1 {"village": "$village", "day": $day, "pay": "demo", "total_fen": 1,
    "lines": [{"code": "2099999999999", "quantity": 1}]} -> 422 field lines
send GET /shop/orders/NONE-0000 as villager1 -> 404 or 422
send POST /shop/orders/NONE-0000/cancel as villager1 {} -> 404 or 422
send GET /shop/goods/2099999999999 as nobody -> 404
send GET /bus/trips/424242 as dispatcher -> 404
send GET /nowhere as villager1 -> 404
send POST /shop as villager1 {} -> 405
expect sql "SELECT count(*) FROM shop_order" = 0

story P.5 somebody without the right is refused, and what is another's stays his
order nobody 1:1 village=$village -> 401
order auditor 1:1 village=$village -> 403
order villager1 1:1 pay=cash -> 403 or 422
order villager1 1:1 -> 200
send GET /shop/orders/$code as villager2 -> 403
send POST /shop/orders/$code/cancel as villager2 {} -> 403
send POST /bus/waves/$day/close as villager1 {"reason": "snow"} -> 403
send POST /clock as villager1 {"now": 1, "running": 0} -> 403
send GET /shop/orders/$code as desk -> 200
expect sql "SELECT state = 'paid' FROM shop_order" = 1
wave is open

story L.2 the same key with another body is a conflict, with the same body the first answer
order villager3 2:1 key=twice -> 200
keep
order villager3 2:2 key=twice -> 409 field key
order villager3 2:1 key=twice -> 200
expect same
# Another person's key is another key.
order villager4 2:1 key=twice -> 200
order villager3 2:1 key=twice total=+1 -> 409 field key
send POST /shop/orders as villager3 no key {"village": "$village"} -> 400 field key
expect sql "SELECT count(*) FROM shop_order" = 3

story P.2 who leaves while his order is worked on finds it later: once, with its first answer
leave villager6 3:1 key=left1
leave villager6 3:1 key=left2
leave villager6 3:1 key=left1
order villager6 3:1 key=left1 -> 200
order villager6 3:1 key=left2 -> 200
order villager6 3:2 key=left2 -> 409 field key
expect sql "SELECT count(*) FROM shop_order" = 5

story a megabyte of a name, and what is no text at all
send POST /shop/orders as villager1 raw b'{"note": "' + b"x" * 1000000 + b'"}' -> 413
send POST /shop/orders as villager1 raw b'{"note": "' + b"x" * 60000 + b'"}' -> 422
send POST /shop/orders as villager1 raw b'{"note": "\xff\xfe"}' -> 400
send POST /shop/orders as villager1 raw b'{"note": "a\\u0000b"}' -> 400 or 422
send POST /shop/orders as villager1 raw b"{" -> 400
send POST /shop/orders as villager1 raw b"[" * 20000 -> 400
send POST /shop/orders as villager1 raw b"null" -> 400 or 422
send GET /shop/goods?q=%FF%FE as nobody -> 400 or 422
send GET /shop/goods?q=%00 as nobody -> 400 or 422
send POST /login as nobody {"phone": "10000000001", "password": "wrong"} -> 403
send POST /login as nobody {"phone": ["1"], "password": {"a": 1}} -> 400 or 422
expect sql "SELECT count(*) FROM shop_order" = 5
check

story a county that is damaged or is none is told so
stop
fails 2 "no county" cunhuo serve nowhere
fails 2 "no county" cunhuo check nowhere
file odd/places.csv code,name,kind\n1,a,moon\n
fails 2 "places.csv:2" cunhuo init odd-county --name x --import odd
fails 2 "usage" cunhuo init
fails 2 "no verb" cunhuo dance
