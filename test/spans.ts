// OpenTelemetry's own SDK, as a host sets it up, with its exporter that keeps the spans. Once for all test files of a worker: the SDK
// registers itself for the whole process.
import * as opentelemetry from '@opentelemetry/api'
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node'

export interface Spans {
  /** For `createPostkey`. */
  readonly tracing: typeof opentelemetry
  /** Those that have ended, since the last call. */
  take(): ReadableSpan[]
}

const exporter = new InMemorySpanExporter()
new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register()

export function collectSpans(): Spans {
  // Of whoever was here before.
  exporter.reset()
  return {
    tracing: opentelemetry,
    take: () => {
      const spans = [...exporter.getFinishedSpans()]
      exporter.reset()
      return spans
    },
  }
}

/** All that leaves the process with a span. */
export function textOf({ name, attributes, events, links, status, resource, instrumentationScope }: ReadableSpan): string {
  return JSON.stringify({ name, attributes, events, links, status, resource: resource.attributes, instrumentationScope })
}
