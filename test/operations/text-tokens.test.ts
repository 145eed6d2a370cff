import { describe, expect, test } from 'bun:test'
import { textTokens } from '../../src/operations/text-tokens.ts'

/** Texts and what OpenAI's `o200k_base` vocabulary makes of them, measured with a tokenizer. */
const MEASURED: readonly (readonly [what: string, tokens: number, tolerance: number, text: string])[] = [
  [
    'English prose',
    80,
    0.15,
    "Yesterday we walked through the forest to look for mushrooms, and found more than we could carry. The weather was warm, the sun shone through the branches of old pines, and nobody wanted to go home. When I got back I wrote a letter to my grandmother, who'd asked me about it the week before. She can't walk that far any more, but she still remembers every path.",
  ],
  [
    'TypeScript',
    92,
    0.15,
    `/** Resolves once so many requests have arrived; rejects when the server is closed before that. */
export async function waitFor(server: Server, count: number): Promise<Request[]> {
  const seen: Request[] = []
  for await (const request of server.requests()) {
    seen.push(request)
    if (seen.length >= count) return seen
  }
  throw new Error(\`only \${seen.length} of \${count} requests came\`)
}`,
  ],
  [
    'Python',
    90,
    0.15,
    `def moving_average(values: list[float], window: int = 5) -> list[float]:
    """Average of each value and the ones before it."""
    result = []
    total = 0.0
    for index, value in enumerate(values):
        total += value
        if index >= window:
            total -= values[index - window]
        result.append(total / min(index + 1, window))
    return result
`,
  ],
  [
    'a JSON schema',
    155,
    0.15,
    '[{"name":"get_weather","description":"Get the current weather in a given location","input_schema":{"type":"object","properties":{"location":{"type":"string","description":"The city and state, e.g. San Francisco, CA"},"unit":{"type":"string","enum":["celsius","fahrenheit"]}},"required":["location"]}},{"name":"search_files","description":"Search for files matching a glob pattern in the workspace. Returns a list of absolute paths.","input_schema":{"type":"object","properties":{"pattern":{"type":"string"},"max_results":{"type":"integer","minimum":1,"maximum":1000,"default":100},"include_hidden":{"type":"boolean","default":false}},"required":["pattern"],"additionalProperties":false}}]',
  ],
  [
    'pretty JSON',
    271,
    0.15,
    `[
  {
    "name": "get_weather",
    "description": "Get the current weather in a given location",
    "input_schema": {
      "type": "object",
      "properties": {
        "location": {
          "type": "string",
          "description": "The city and state, e.g. San Francisco, CA"
        },
        "unit": {
          "type": "string",
          "enum": [
            "celsius",
            "fahrenheit"
          ]
        }
      },
      "required": [
        "location"
      ]
    }
  },
  {
    "name": "search_files",
    "description": "Search for files matching a glob pattern in the workspace. Returns a list of absolute paths.",
    "input_schema": {
      "type": "object",
      "properties": {
        "pattern": {
          "type": "string"
        },
        "max_results": {
          "type": "integer",
          "minimum": 1,
          "maximum": 1000,
          "default": 100
        },
        "include_hidden": {
          "type": "boolean",
          "default": false
        }
      },
      "required": [
        "pattern"
      ],
      "additionalProperties": false
    }
  }
]`,
  ],
  [
    'a log',
    203,
    0.15,
    `2026-11-21T15:00:17.100Z INFO request_id=req_01JD6W9Q4T0 status=200 latency_ms=0 path=/v1/messages 192.168.1.0
2026-11-21T15:01:17.107Z INFO request_id=req_01JD6W9Q4T1 status=200 latency_ms=13.5 path=/v1/messages 192.168.1.1
2026-11-21T15:02:17.114Z INFO request_id=req_01JD6W9Q4T2 status=200 latency_ms=27 path=/v1/messages 192.168.1.2
2026-11-21T15:03:17.121Z INFO request_id=req_01JD6W9Q4T3 status=200 latency_ms=40.5 path=/v1/messages 192.168.1.3`,
  ],
  [
    'Russian',
    118,
    0.25,
    'Шлюз искусственного интеллекта находится между клиентами и учётными записями моделей. Он принимает запросы от любого клиента и переводит их в формат, понятный вышестоящему серверу. Когда одна из учётных записей достигает предела скорости, шлюз автоматически переключается на следующую. Вчера мы ходили в лес за грибами и нашли много белых. Погода стояла тёплая, солнце светило сквозь ветви старых сосен, и никому не хотелось возвращаться домой.',
  ],
  [
    'Ukrainian',
    82,
    0.25,
    'Учора ми ходили до лісу по гриби і знайшли багато білих. Погода була тепла, сонце світило крізь гілки старих сосен, і нікому не хотілося повертатися додому. Сервер приймає запити від будь-якого клієнта та перекладає їх у потрібний формат.',
  ],
  [
    'Chinese',
    134,
    0.25,
    '人工智能网关位于客户端与模型账户之间。它接收来自任何客户端的请求，并将其转换为上游所理解的格式。当某个账户达到速率限制时，网关会自动切换到下一个可用的账户，用户不会察觉到任何中断。为了保证翻译的准确性，所有字段都经过仔细映射，无法传递的内容会在响应头中说明。今天天气很好，我们一起去公园散步，看见许多孩子在湖边放风筝。老人们坐在树下下棋，谈论着过去的岁月。',
  ],
  [
    'Japanese',
    122,
    0.25,
    '人工知能ゲートウェイは、クライアントとモデルのアカウントの間に位置しています。どのクライアントからのリクエストも受け取り、上流が理解できる形式に変換します。あるアカウントがレート制限に達すると、ゲートウェイは自動的に次のアカウントに切り替えます。昨日は友達と一緒に映画を見に行きました。とても面白かったので、もう一度見たいと思います。',
  ],
  [
    'Korean',
    90,
    0.25,
    '인공지능 게이트웨이는 클라이언트와 모델 계정 사이에 위치합니다. 어떤 클라이언트의 요청이든 받아서 업스트림이 이해하는 형식으로 변환합니다. 계정이 속도 제한에 도달하면 게이트웨이는 자동으로 다음 계정으로 전환합니다. 어제 친구와 함께 영화를 보러 갔습니다. 정말 재미있어서 다시 보고 싶습니다.',
  ],
  [
    'Arabic',
    51,
    0.25,
    'ذهبنا أمس إلى الغابة للبحث عن الفطر ووجدنا أكثر مما نستطيع حمله. كان الطقس دافئا وأشرقت الشمس من خلال أغصان أشجار الصنوبر القديمة ولم يرغب أحد في العودة إلى المنزل.',
  ],
  [
    'German',
    70,
    0.25,
    'Gestern gingen wir durch den Wald, um Pilze zu suchen, und fanden mehr, als wir tragen konnten. Das Wetter war warm, die Sonne schien durch die Äste alter Kiefern, und niemand wollte nach Hause gehen. Als ich zurückkam, schrieb ich meiner Großmutter einen Brief, in dem ich ihr alles erzählte.',
  ],
]

describe('an estimate of a text', () => {
  test.each(MEASURED)('%s: %i tokens, within %f', (_, tokens, tolerance, text) => {
    expect(textTokens(text) / tokens).toBeWithin(1 - tolerance, 1 + tolerance)
  })

  test('of nothing is nothing, and of any one character about one token', () => {
    expect(textTokens('')).toBe(0)
    for (const character of ['a', 'Z', '7', '.', '\n', 'é', 'я', 'λ', '漢', 'か', '한', '€', 'ب', '👍']) {
      expect(textTokens(character)).toBeWithin(0.7, 2)
    }
  })

  test('grows with the text', () => {
    let before = 0
    for (const piece of ['Hello', ', world', ' 12345', ' — «да»', '\n\n    return', ' AHTTPServer', '漢字かな']) {
      const now = textTokens('x'.repeat(3) + piece) + before
      expect(now).toBeGreaterThan(before)
      before = now
    }
  })

  test('of a line of dashes is a few tokens', () => {
    expect(textTokens('-'.repeat(80))).toBeWithin(3, 10)
  })

  test('of half-width letters is that of the whole ones', () => {
    expect(textTokens('ｶﾀｶﾅ')).toBe(textTokens('カタカナ'))
  })

  test('has more tokens for the words of a language whose letters carry marks', () => {
    const words = 'wir gehen nach hause '.repeat(5)
    expect((textTokens(`${words}über über`) - textTokens('über über')) / textTokens(words)).toBeWithin(1.2, 1.35)
  })

  test('of half a character at the end does not fail', () => {
    expect(textTokens('ABC')).toBeGreaterThan(0)
    expect(textTokens('\ud83d')).toBeGreaterThan(0)
  })

  test('of a book is taken from pieces all over it', () => {
    const page = `${MEASURED[0]?.[3] ?? ''}\n`
    const one = textTokens(page)
    expect(textTokens(page.repeat(5000)) / (one * 5000)).toBeWithin(0.98, 1.02)
    const [english, chinese] = ['word '.repeat(100_000), '漢字'.repeat(250_000)]
    expect(textTokens(english + chinese) / (textTokens(english) + textTokens(chinese))).toBeWithin(0.98, 1.02)
    const started = performance.now()
    textTokens(page.repeat(80_000))
    expect(performance.now() - started).toBeLessThan(500)
  })
})
