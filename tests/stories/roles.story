# Who may do what is data; here each route is asked by each role.
county

story P.5 every route answers every role as the table of permissions says
matrix

story P.5 a session that was ended is nobody's
send POST /logout as clerk {} -> 200
send GET /me as clerk -> 401
