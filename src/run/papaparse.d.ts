// Of Papa Parse only its inner parser is used, which knows nothing of streams, files or headers.
declare module 'papaparse' {
  export interface Parsed {
    readonly data: readonly (readonly string[])[]
    /** `row`: which of `data`; `index`: where in the text. */
    readonly errors: readonly { readonly code: string; readonly row: number; readonly index: number }[]
    /** `cursor`: behind the last record that is in `data`. */
    readonly meta: { readonly cursor: number }
  }
  const Papa: {
    readonly Parser: new (config: {
      readonly delimiter: string
      readonly newline: string
    }) => {
      parse(text: string, baseIndex: number, ignoreLastRow: boolean): Parsed
    }
  }
  export default Papa
}
