import { serveControl } from '../control-socket.ts';

// Listens, says so, and stays until it is killed.
await serveControl(process.argv[2]!, async () => 0);
console.log('listening');
