import { lockDirectory } from '../directory-lock.ts';

// Locks the directory, says so, and stays until it is killed.
await lockDirectory(process.argv[2]!);
console.log('locked');
setInterval(() => {}, 1_000);
