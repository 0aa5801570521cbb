// Of Hoodiecrow, an IMAP server for tests, what test/imap-server.ts uses.
declare module 'hoodiecrow-imap' {
  export interface Stored {
    readonly raw: string
    readonly flags?: readonly string[]
  }
  interface Hoodiecrow {
    listen(port: number, listening: () => void): void
    close(closed: () => void): void
    appendMessage(folder: string, flags: string[], at: Date, raw: string): void
    getMailbox(folder: string): { readonly messages: readonly Stored[] }
    readonly server: import('node:net').Server
  }
  export default function hoodiecrow(options: {
    readonly plugins: readonly string[]
    readonly secureConnection: boolean
    readonly credentials?: { readonly key: Buffer; readonly cert: Buffer }
    readonly users: Readonly<Record<string, { readonly password: string }>>
    readonly storage: Readonly<Record<string, { readonly messages?: readonly Stored[] }>>
  }): Hoodiecrow
}
