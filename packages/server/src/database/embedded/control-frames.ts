import type { Socket } from 'node:net';

/** What travels on the control socket: one type byte, four bytes of length, the payload. */
export const frame = {
  /** client: the request as JSON, first and once */
  request: 1,
  /** client: input bytes; an empty one is the end of input */
  stdin: 2,
  /** server: output bytes */
  stdout: 3,
  stderr: 4,
  /** server: the exit code as text, last */
  exit: 5,
} as const;

export type FrameType = (typeof frame)[keyof typeof frame];

const headerBytes = 5;
/** Frames are cut to 64 KB when written; more than this is not our protocol. */
const maxBytes = 1024 * 1024;
const chunkBytes = 64 * 1024;

/** Writes `payload` in frames of bounded size. Calls back when the socket takes more. */
export function writeFrames(
  socket: Socket,
  type: FrameType,
  payload: Buffer,
  done: () => void = () => {},
): void {
  let full = false;
  for (let offset = 0; offset === 0 || offset < payload.byteLength; offset += chunkBytes) {
    const part = payload.subarray(offset, offset + chunkBytes);
    const header = Buffer.alloc(headerBytes);
    header.writeUInt8(type);
    header.writeUInt32BE(part.byteLength, 1);
    socket.cork();
    socket.write(header);
    full = !socket.write(part);
    socket.uncork();
  }
  if (!full || socket.destroyed) {
    done();
    return;
  }
  const resume = () => {
    socket.off('drain', resume);
    socket.off('close', resume);
    done();
  };
  socket.on('drain', resume);
  socket.on('close', resume);
}

/** Calls `onFrame` for every whole frame that arrives; destroys the socket on anything else. */
export function readFrames(socket: Socket, onFrame: (type: FrameType, payload: Buffer) => void): void {
  let buffered: Buffer = Buffer.alloc(0);
  socket.on('data', (bytes: Buffer) => {
    buffered = buffered.byteLength === 0 ? bytes : Buffer.concat([buffered, bytes]);
    while (buffered.byteLength >= headerBytes) {
      const length = buffered.readUInt32BE(1);
      if (length > maxBytes) {
        socket.destroy(new Error('The control socket received something that is no frame.'));
        return;
      }
      if (buffered.byteLength < headerBytes + length) return;
      const type = buffered.readUInt8() as FrameType;
      const payload = buffered.subarray(headerBytes, headerBytes + length);
      buffered = buffered.subarray(headerBytes + length);
      onFrame(type, payload);
    }
  });
}
