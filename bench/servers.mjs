// What can be measured: which file starts it, which client speaks to it, how long it is warmed up.
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export const floors = {
  floor: {
    title: 'floor',
    file: 'floor.mjs',
    client: 'postkey',
    options: { groupCommit: true },
    warmSeconds: 6,
    firstAnswer: ['/api/session', 401],
  },
  alone: { title: 'floor, one commit each', file: 'floor.mjs', client: 'postkey', options: { groupCommit: false }, warmSeconds: 6 },
}

export const postkey = (dist = fileURLToPath(new URL('../dist', import.meta.url))) => ({
  title: 'Postkey',
  file: 'postkey.mjs',
  client: 'postkey',
  options: { dist: resolve(dist) },
  // On a slow machine V8 goes on compiling for so long.
  warmSeconds: 12,
})

/** Their code is large, and V8 goes on compiling it for long: Better Auth gets faster for about 40 seconds of load. */
export const peers = {
  betterAuth: {
    title: 'Better Auth',
    package: 'better-auth',
    file: 'peers/better-auth.mjs',
    client: 'better-auth',
    warmSeconds: 20,
    firstAnswer: ['/api/auth/get-session', 200],
  },
  authJs: {
    title: 'Auth.js',
    package: '@auth/core',
    file: 'peers/auth-js.mjs',
    client: 'auth-js',
    warmSeconds: 6,
    firstAnswer: ['/auth/session', 200],
  },
}
