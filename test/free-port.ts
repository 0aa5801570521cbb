// A port that nobody listens on, for a process that must be told its port before it starts.
import { createServer } from 'node:net'

/** Below those that systems hand out by themselves (Linux from 32768, others from 49152): no connection that goes out takes one in between. */
const FROM = 20_000
const TO = 32_000

let next = FROM + Math.floor(Math.random() * (TO - FROM))

export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = next
    next = next + 1 < TO ? next + 1 : FROM
    if (await isFree(port)) return port
  }
  throw new Error(`none of a hundred ports below ${next} is free`)
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
