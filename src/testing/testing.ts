// The door "./testing": a Postkey for the tests of an application. With runners: "./testing/vitest" and "./testing/playwright".
import './production.ts'

export type { Answer, Browser } from '../preflight/browser.ts'
export { type Page, pressEverything, type ScanOptions } from '../preflight/press.ts'
export { type DamageName, damages, type Rewriter, type RewriterName, rewriters } from '../preflight/rewriters.ts'
export { Clock } from './clock.ts'
export { type AppHandler, type Kit, type KitOptions, startKit } from './kit.ts'
export { Mailbox, type Opened, openMail } from './mailbox.ts'
export type { Person } from './person.ts'
export type { Scanned } from './scan.ts'
export { type ServerKitOptions, startServerKit } from './server.ts'
