-- Visitors who come for the first time, for wrk: they show nothing that anybody gave them.
wrk.method = "POST"
