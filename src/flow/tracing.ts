// Requests and mails as an outside tracer follows them. A flow says where one begins and how it ended; what that becomes is known in one
// room, run/tracing.ts. Where nobody traces there is no `Tracing`, and a request pays for one look at a null.

export interface Tracing {
  /** One answer to a request. */
  request(asked: AskedRequest): Span<AnsweredRequest>
  /** One mail in the hands of this process, for the request that it is sent for, however long ago that was. */
  mail(requestId: string): Span<SettledMail>
  /** Runs what goes on for as long as the process does: it is part of no request, also where one happened to begin it. */
  apart<T>(work: () => T): T
}

export interface Span<End> {
  /** All that `work` does is part of it. */
  run<T>(work: () => T): T
  end(how: End): void
}

export interface AskedRequest {
  readonly requestId: string
  readonly method: string
  /** By lower-case name: where the trace is named that the client has begun. */
  readonly header: (name: string) => string | null
}

export interface AnsweredRequest {
  /** The pattern, never the path; "-": none. */
  readonly route: string
  readonly status: number
  /** '': a page that was looked at has none. */
  readonly reason: string
}

export interface SettledMail {
  /** null: it was not settled, and whoever comes next has it again. */
  readonly reason: string | null
}

export function within<T>(span: Pick<Span<never>, 'run'> | null, work: () => T): T {
  return span === null ? work() : span.run(work)
}
