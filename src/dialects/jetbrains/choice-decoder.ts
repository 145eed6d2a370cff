import type { JsonObject } from '../../core/json.ts'
import type { StreamEvent } from '../../ir/stream.ts'
import type { CodecContext } from '../dialect.ts'
import { finishOf } from './finish.ts'
import { type CallPiece, type GrowingCall, ToolCallTracker } from './tool-calls.ts'

/** One choice of a stream: its events as blocks, which are numbered here. */
export class ChoiceDecoder {
  /** The index of the text that grows at present; a tool call ends it. */
  #text: number | undefined
  #said = false
  #next = 0
  #reason: string | undefined
  readonly #calls = new ToolCallTracker()
  /** Block index of the calls that have been announced and not ended. */
  readonly #open = new Map<GrowingCall, number>()
  readonly #ended = new Set<GrowingCall>()
  readonly #ids = new Set<string>()

  constructor(
    private readonly choice: number | undefined,
    private readonly context: CodecContext,
  ) {}

  say(text: string, out: StreamEvent[]): void {
    if (text === '') return
    const { choice } = this
    this.#said = true
    if (this.#text === undefined) {
      this.#text = this.#next++
      out.push({ type: 'block-start', index: this.#text, choice, block: { type: 'text' } })
    }
    out.push({ type: 'block-delta', index: this.#text, choice, text })
  }

  /** v8. */
  tool(event: JsonObject, out: StreamEvent[]): void {
    this.#call(this.#calls.takeTool(event), out)
  }

  /** v7. */
  function(event: JsonObject, out: StreamEvent[]): void {
    this.#call(this.#calls.takeFunction(event), out)
  }

  /** `FinishMetadata`. What it holds of content is the answer where nothing else was. The finish itself waits for the end mark. */
  finish(event: JsonObject, out: StreamEvent[]): void {
    if (typeof event.reason === 'string' && event.reason !== '') this.#reason = event.reason
    if (typeof event.content === 'string' && !this.#said) this.say(event.content, out)
  }

  /** The end mark has come. */
  close(out: StreamEvent[]): void {
    const { choice } = this
    this.#endText(out)
    for (const call of this.#calls.calls) {
      // A call that never got a name is told as it is: whoever reads it can say so.
      if (!this.#open.has(call) && !this.#ended.has(call)) this.#announce(call, out)
      this.#end(call, out)
    }
    out.push({ type: 'finish', choice, finish: finishOf(this.#reason, this.#calls.calls.length > 0) })
  }

  #call(taken: CallPiece | undefined, out: StreamEvent[]): void {
    if (!taken) return
    const { call, piece, ended } = taken
    if (ended && ended.name !== '') this.#end(ended, out)
    const index = this.#open.get(call)
    if (index === undefined) {
      if (call.name !== '' && !this.#ended.has(call)) this.#announce(call, out)
    } else if (piece !== '') out.push({ type: 'block-delta', index, choice: this.choice, text: piece })
  }

  /** As soon as the name is known; what came before it comes with it. */
  #announce(call: GrowingCall, out: StreamEvent[]): void {
    const { choice } = this
    this.#endText(out)
    const index = this.#next++
    const id = call.id === '' || this.#ids.has(call.id) ? this.context.newId('call_') : call.id
    this.#ids.add(id)
    this.#open.set(call, index)
    out.push({ type: 'block-start', index, choice, block: { type: 'tool-call', id, name: call.name } })
    if (call.arguments !== '') out.push({ type: 'block-delta', index, choice, text: call.arguments })
  }

  #end(call: GrowingCall, out: StreamEvent[]): void {
    const index = this.#open.get(call)
    if (index === undefined) return
    out.push({ type: 'block-end', index, choice: this.choice })
    this.#open.delete(call)
    this.#ended.add(call)
  }

  #endText(out: StreamEvent[]): void {
    if (this.#text === undefined) return
    out.push({ type: 'block-end', index: this.#text, choice: this.choice })
    this.#text = undefined
  }
}
