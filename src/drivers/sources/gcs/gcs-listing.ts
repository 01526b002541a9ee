/** What the JSON API says of objects, reduced to what a release needs; whatever has another shape is refused. Pure. */
import { DeployError } from '../../../base/deploy-error.js'
import type { StoredObject } from '../bucket/bucket-source.js'

/** An object of a generation: one content of its name. */
export interface GcsObject extends StoredObject {
  readonly generation: string
  /** It is stored compressed and sent unpacked, so its size is not that of what is sent. */
  readonly encoded: boolean
}

export interface GcsPage {
  readonly objects: readonly GcsObject[]
  readonly next: string | null
}

/** To ask for nothing else: the rest of an object's record is long. */
export const listedFields = 'kind,nextPageToken,items(name,size,generation,timeCreated,contentEncoding)'

export function readPage(body: unknown): GcsPage {
  const page = asRecord(body)
  const items = page?.['items'] ?? []
  if (page === null || page['kind'] !== 'storage#objects' || !Array.isArray(items)) {
    throw new DeployError('SOURCE_GARBAGE', 'the server did not answer with a list of objects', {
      hint: 'Check endpoint: a login page, a proxy, or another kind of server may have answered.',
      details: [`the answer begins: ${JSON.stringify(body).slice(0, 200)}`],
    })
  }
  const next = page['nextPageToken']
  return {
    objects: items.flatMap((item: unknown) => readObject(item)),
    next: typeof next === 'string' && next !== '' ? next : null,
  }
}

function readObject(item: unknown): readonly GcsObject[] {
  const fields = asRecord(item)
  const [key, generation, created] = [fields?.['name'], fields?.['generation'], fields?.['timeCreated']]
  // sizes and generations are numbers too long for JSON, so they come as text; some emulators forget that
  const size = Number(fields?.['size'])
  if (typeof key !== 'string' || !/^[0-9]+$/.test(String(generation)) || !Number.isSafeInteger(size))
    return []
  const storedAt = typeof created === 'string' && !Number.isNaN(Date.parse(created)) ? created : null
  const encoding = fields?.['contentEncoding']
  return [
    {
      key,
      size,
      storedAt,
      generation: String(generation),
      mark: `${String(generation)} ${size}`,
      encoded: typeof encoding === 'string' && encoding !== '' && encoding !== 'identity',
    },
  ]
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> | null {
  // any object may be read by name when its values are unknown
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null
}
