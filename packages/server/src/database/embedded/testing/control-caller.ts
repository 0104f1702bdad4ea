import { connectControl } from '../control-socket.ts';

// Asks for a command and waits for its end.
const request = { argv: [], cwd: '/', stdinIsTTY: false, stdoutIsTTY: false };
await connectControl(process.argv[2]!, request, { stdout: process.stdout, stderr: process.stderr });
