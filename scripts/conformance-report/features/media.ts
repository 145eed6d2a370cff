import assert from 'node:assert/strict'
import type { Json } from '../../../test/checkers/json.ts'
import { everywhere, type Feature, marks } from '../feature.ts'
import { blocksOf, mentions } from './proof.ts'

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII='
const PDF = 'JVBERi0xLjQKJSVFT0YK'

const LOOK = { type: 'text', text: 'Look.' }
const user = (...content: Json[]): Json => ({ messages: [{ role: 'user', content: [LOOK, ...content] }] })

/** Images, documents and sound. */
export const MEDIA: readonly Feature[] = [
  {
    name: 'image (base64)',
    ask: { model: '', turns: [{ user: [{ text: 'Look.' }, { imageData: PNG, mediaType: 'image/png' }] }] },
    becomes: everywhere('exact'),
    arrives: {
      openai: body => assert.deepEqual(blocksOf(body, 'image_url')[0]?.image_url, { url: `data:image/png;base64,${PNG}` }),
      anthropic: body => assert.deepEqual(blocksOf(body, 'image')[0]?.source, { type: 'base64', media_type: 'image/png', data: PNG }),
    },
  },
  {
    name: 'image (URL)',
    ask: { model: '', turns: [{ user: [{ text: 'Look.' }, { imageUrl: 'https://example.com/a.png' }] }] },
    becomes: everywhere('exact'),
    arrives: {
      openai: body => assert.deepEqual(blocksOf(body, 'image_url')[0]?.image_url, { url: 'https://example.com/a.png' }),
      anthropic: body => assert.deepEqual(blocksOf(body, 'image')[0]?.source, { type: 'url', url: 'https://example.com/a.png' }),
    },
  },
  {
    name: 'PDF',
    ask: {
      openai: user({ type: 'file', file: { filename: 'log.pdf', file_data: `data:application/pdf;base64,${PDF}` } }),
      anthropic: user({ type: 'document', title: 'log.pdf', source: { type: 'base64', media_type: 'application/pdf', data: PDF } }),
    },
    becomes: everywhere('exact'),
    arrives: {
      openai: body =>
        assert.deepEqual(blocksOf(body, 'file')[0]?.file, { filename: 'log.pdf', file_data: `data:application/pdf;base64,${PDF}` }),
      anthropic: body => {
        const [document] = blocksOf(body, 'document')
        assert.deepEqual(document?.source, { type: 'base64', media_type: 'application/pdf', data: PDF })
        assert.equal(document?.title, 'log.pdf')
      },
    },
  },
  {
    name: 'PDF (URL)',
    fields: ['messages'],
    ask: { anthropic: user({ type: 'document', source: { type: 'url', url: 'https://example.com/a.pdf' } }) },
    becomes: marks('unsaid', 'unsaid', 'refused', 'exact'),
    arrives: { anthropic: mentions('https://example.com/a.pdf') },
  },
  {
    name: 'text document',
    ask: {
      anthropic: user({ type: 'document', title: 'Notes', source: { type: 'text', media_type: 'text/plain', data: 'The gauge froze.' } }),
    },
    becomes: marks('unsaid', 'unsaid', 'exact', 'exact'),
    arrives: { openai: mentions('Notes', 'The gauge froze.'), anthropic: mentions('Notes', 'The gauge froze.') },
  },
  {
    name: 'audio in',
    fields: ['messages'],
    ask: { openai: user({ type: 'input_audio', input_audio: { data: 'UklGRgAAAABXQVZF', format: 'wav' } }) },
    becomes: marks('exact', 'refused', 'unsaid', 'unsaid'),
    arrives: { openai: mentions('input_audio') },
  },
  {
    name: 'audio out',
    fields: ['modalities', 'audio'],
    ask: { openai: { modalities: ['text', 'audio'], audio: { format: 'wav', voice: 'alloy' } } },
    becomes: marks('exact', 'refused', 'unsaid', 'unsaid'),
    arrives: { openai: mentions('alloy') },
  },
]
