// One mail, complete: what a transport is given. Nothing here is parsed again on its way out; in particular `to` is the
// stored address, byte for byte, and becomes the envelope as it is.

export interface Message {
  readonly to: string
  readonly from: { readonly name: string; readonly address: string }
  /** Where it comes back to if it cannot be delivered; absent: to `from`. */
  readonly returnPath?: string
  readonly subject: string
  readonly text: string
  readonly html: string
  /** With angle brackets. The same at every retry, so that a second copy can be recognised as one. */
  readonly messageId: string
  readonly headers: Readonly<Record<string, string>>
  readonly date: Date
}
