// Loaded by the server's Node processes before anything else: SIGUSR1 then opens the inspector on any free port. The
// flag --inspect-port=0 would do the same, but Node's cluster counts on from it and fails.
process.debugPort = 0;
