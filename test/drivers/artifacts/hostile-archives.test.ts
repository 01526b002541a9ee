/** Archives made to do harm, or damaged: each is refused in words, and nothing is written outside the folder. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { DeployError } from '../../../src/base/deploy-error.js'
import { unpack, type UnpackOptions } from '../../../src/drivers/artifacts/unpack.js'
import { endMark, makeTar, pax, tarPart, type TarPart } from '../../support/archives/make-tar.js'
import { makeZip } from '../../support/archives/make-zip.js'
import { treeFacts } from '../../support/archives/tree-facts.js'
import { never, scratchFolder } from '../system/scratch.js'

const scratch = await scratchFolder()

interface Case {
  readonly name?: string
  readonly bytes: Buffer
  readonly says: RegExp
  readonly options?: Partial<UnpackOptions>
}

const bzip2Sync = (bytes: Buffer): Buffer => execFileSync('bzip2', ['-c'], { input: bytes })
const file = (name: string, content = 'x'): TarPart => ({ name, content })
const link = (name: string, target: string): TarPart => ({ name, target, type: '2' })
const hardLink = (name: string, target: string): TarPart => ({ name, target, type: '1' })
const folder = (name: string): TarPart => ({ name, type: '5', mode: 0o755 })
const insensitive = { caseSensitive: false }
const zeros = Buffer.alloc(80 * 2 ** 20)

const hostile: Record<string, Case> = {
  // names
  'an absolute path': { bytes: makeTar(file('/etc/passwd')), says: /"\/etc\/passwd" has an absolute path/ },
  'a path upwards': { bytes: makeTar(file('../outside')), says: /"\.\.\/outside" has "\.\."/ },
  'a path upwards in the middle': {
    bytes: makeTar(folder('a'), file('a/../../outside')),
    says: /has "\.\."/,
  },
  'a path upwards in a pax record': {
    bytes: makeTar(pax({ path: '../../outside' }), file('harmless')),
    says: /"\.\.\/\.\.\/outside" has "\.\."/,
  },
  'a path upwards in a GNU long name': {
    bytes: makeTar({ name: '././@LongLink', type: 'L', content: '../outside\0' }, file('harmless')),
    says: /has "\.\."/,
  },
  'a path upwards in the ustar prefix': {
    bytes: makeTar({ ...file('outside'), prefix: '..' }),
    says: /has "\.\."/,
  },
  'a path upwards with backslashes': {
    bytes: makeTar(file('a\\..\\..\\outside')),
    says: /between backslashes/,
  },
  'a path with a drive': { bytes: makeTar(file('C:/windows/x')), says: /absolute path \(with a drive\)/ },
  'control characters in a name': {
    bytes: makeTar(file('a\u001b[2Jb')),
    says: /"a\\u001b\[2Jb" has control/,
  },
  'a NUL in a pax path': { bytes: makeTar(pax({ path: 'a\0b' }), file('x')), says: /control characters/ },
  'a line break in a pax path': {
    bytes: makeTar(pax({ path: 'a\nb' }), file('x')),
    says: /control characters/,
  },
  'a name that is not UTF-8': {
    bytes: makeTar({ ...file('x'), patch: (header) => header.write('caf\xe9', 0, 'latin1') }),
    says: /not UTF-8/,
  },
  'a pax record that smuggles another': {
    // by line, "15 path=../evil" would be a record of its own
    bytes: makeTar({ name: 'x', type: 'x', content: '31 comment=hello\n16 path=../evil\n' }, file('ok')),
    says: /extended header makes no sense|has "\.\."/,
  },
  'a name that is too long': {
    bytes: makeTar(pax({ path: 'n'.repeat(300) }), file('x')),
    says: /more than 255 bytes/,
  },
  'a path that is too long': {
    bytes: makeTar(pax({ path: `${'d'.repeat(200)}/`.repeat(20) + 'x' }), file('x')),
    says: /more than 3072 bytes/,
  },
  'folders too deep': {
    bytes: makeTar(pax({ path: 'd/'.repeat(200) + 'x' }), file('x')),
    says: /more than 128 folders/,
  },
  'a global header that renames all': {
    bytes: makeTar(pax({ path: 'a' }, 'g'), file('x')),
    says: /sets "path" for all/,
  },
  // links
  'a link out': { bytes: makeTar(link('a', '../..')), says: /"a" is a link that leaves the release/ },
  'a link to an absolute path': {
    bytes: makeTar(link('a', '/etc/passwd')),
    says: /link to an absolute path/,
  },
  'a link out and in again': { bytes: makeTar(link('a', '../fresh/x')), says: /leaves the release/ },
  'a link out by way of a link': {
    bytes: makeTar(folder('d'), folder('d/e'), link('s', 'd/e'), link('d/e/t', '../../s/../../..')),
    says: /leaves the release/,
  },
  'a link out by way of a later link': {
    bytes: makeTar(folder('deep'), folder('deep/er'), link('deep/er/a', '../b/..'), link('deep/b', '..')),
    says: /leaves the release/,
  },
  'writing through a link': {
    bytes: makeTar(link('a', 'b'), file('a/x')),
    says: /"a\/x" lies below a, which is a link/,
  },
  'a file where a link is': {
    bytes: makeTar(link('a', 'b'), file('a')),
    says: /comes twice: as a symlink and as a file/,
  },
  'a link where a folder is': {
    bytes: makeTar(folder('a'), link('a', 'b')),
    says: /comes twice: as a folder and as a symlink/,
  },
  'a link with an endless target': {
    bytes: makeTar(pax({ linkpath: 'a/'.repeat(3000) }), link('a', 'b')),
    says: /target of more than 4095 bytes/,
  },
  'a link with an empty target': { bytes: makeTar(link('a', '')), says: /empty target/ },
  'a hard link out': { bytes: makeTar(hardLink('a', '../../outside')), says: /has "\.\."/ },
  'a hard link to an absolute path': { bytes: makeTar(hardLink('a', '/etc/passwd')), says: /absolute path/ },
  'a hard link to nothing': { bytes: makeTar(hardLink('a', 'b')), says: /no file of the archive/ },
  'a hard link to a folder': {
    bytes: makeTar(folder('d'), hardLink('a', 'd')),
    says: /no file of the archive/,
  },
  'a hard link through a link': {
    bytes: makeTar(link('l', '.'), file('x'), hardLink('a', 'l/x')),
    says: /no file of the archive/,
  },
  'a hard link to a link out': {
    bytes: makeTar(link('a', '../..'), hardLink('b', 'a')),
    says: /leaves the release/,
  },
  'a hard link with content': {
    bytes: makeTar(file('a'), { ...hardLink('b', 'a'), content: 'more' }),
    says: /folder or a link with content/,
  },
  // kinds
  'a character device': {
    bytes: makeTar({ name: 'null', type: '3', device: [1, 3] }),
    says: /is a character device/,
  },
  'a block device': { bytes: makeTar({ name: 'sda', type: '4', device: [8, 0] }), says: /is a block device/ },
  'a named pipe': { bytes: makeTar({ name: 'pipe', type: '6' }), says: /is a named pipe/ },
  'an unknown type': { bytes: makeTar({ name: 'odd', type: 'Z' }), says: /unknown type "Z"/ },
  'a file below a file': { bytes: makeTar(file('a'), file('a/b')), says: /lies below a, which is a file/ },
  'a file where a folder is': { bytes: makeTar(folder('a'), file('a')), says: /comes twice/ },
  'names that differ in case': {
    bytes: makeTar(file('README'), file('readme')),
    says: /"readme" differs from README only in case/,
    options: insensitive,
  },
  'folders that differ in case': {
    bytes: makeTar(file('Lib/a'), link('lib', 'x')),
    says: /only in case/,
    options: insensitive,
  },
  'names that differ in their Unicode form': {
    bytes: makeTar(file('caf\u00e9'), file('cafe\u0301')),
    says: /only in case/,
    options: insensitive,
  },
  // bombs
  'many zeros': {
    name: 'a.tar.gz',
    bytes: gzipSync(makeTar({ name: 'zeros', content: zeros })),
    says: /250 times its size/,
  },
  'too many bytes': {
    bytes: makeTar(file('a', 'abcdef')),
    says: /more than 5 B/,
    options: { limits: { totalBytes: 5 } },
  },
  'a claim of too many bytes': {
    bytes: makeTar({ name: 'a', sizeField: Buffer.from('800000000000ffffffffffff', 'hex') }),
    says: /more than 69 GB/,
  },
  'a negative size': {
    bytes: makeTar({ name: 'a', sizeField: Buffer.from('ffffffffffffffffffffffff', 'hex') }),
    says: /no size that makes sense/,
  },
  'too many entries': {
    bytes: makeTar(file('a'), file('b'), file('c')),
    says: /more than 2 entries/,
    options: { limits: { entries: 2 } },
  },
  'a sparse file of terabytes': {
    bytes: makeTar(pax({ 'GNU.sparse.size': '9000000000000', 'GNU.sparse.map': '' }), { name: 'a' }),
    says: /more than 69 GB|map of its holes/,
  },
  'a sparse map that overlaps': {
    bytes: makeTar(pax({ 'GNU.sparse.size': '10', 'GNU.sparse.map': '0,2,1,2' }), file('a', '1234')),
    says: /map of its holes that makes no sense/,
  },
  'a sparse map with too little data': {
    bytes: makeTar(pax({ 'GNU.sparse.size': '10', 'GNU.sparse.map': '0,9' }), file('a', '1234')),
    says: /map of its holes that does not fit/,
  },
  'an extended header of megabytes': {
    bytes: makeTar({ name: 'x', type: 'x', content: Buffer.alloc(2 ** 20 + 1) }),
    says: /extended header of more than a megabyte/,
  },
  // damage
  'a truncated tar': { bytes: makeTar(file('a', 'x'.repeat(2000))).subarray(0, 1500), says: /is truncated/ },
  'a tar without an end': { bytes: tarPart(file('a')), says: /no end mark/ },
  'a wrong checksum': {
    bytes: makeTar(file('a'), { ...file('b'), checksumError: 1 }),
    says: /wrong checksum/,
  },
  'entries after the end': {
    bytes: Buffer.concat([makeTar(file('a')), makeTar(file('hidden'))]),
    says: /after its end mark, which may hide entries/,
  },
  'an extended header without its entry': {
    bytes: makeTar(file('a'), pax({ path: 'b' })),
    says: /last entry is missing/,
  },
  'truncated gzip': {
    name: 'a.tar.gz',
    bytes: gzipSync(makeTar(file('a', 'x'))).subarray(0, -9),
    says: /gzip data is damaged/,
  },
  'garbage after gzip': {
    name: 'a.tgz',
    bytes: Buffer.concat([gzipSync(makeTar(file('a'))), Buffer.from('garbage')]),
    says: /gzip data is damaged|compressed data, which may hide/,
  },
  'a hidden second gzip member': {
    name: 'a.tgz',
    bytes: Buffer.concat([gzipSync(makeTar(file('a'))), gzipSync(makeTar(file('hidden')))]),
    says: /after its end mark/,
  },
  'gzip that is no tar': { name: 'a.tar.gz', bytes: gzipSync('hello'), says: /promises a tar archive/ },
  'a page instead of an archive': {
    name: 'a.tar.gz',
    bytes: Buffer.from('<!doctype html><p>log in'),
    says: /promises an archive.*doctype/,
  },
  'an empty tar': { bytes: endMark, says: /it is empty/ },
  'an empty file': { bytes: Buffer.alloc(0), says: /empty \(0 bytes\)/ },
  'a 7z archive': {
    name: 'a.7z',
    bytes: Buffer.from('377abcaf271c0004', 'hex'),
    says: /7z archive, which is not supported/,
  },
  'damaged bzip2': {
    name: 'a.tar.bz2',
    bytes: Buffer.concat([
      bzip2Sync(makeTar(file('a', 'x'.repeat(5000)))).subarray(0, 60),
      Buffer.alloc(60, 7),
    ]),
    says: /bzip2 data is damaged/,
  },
  // zip
  'zip: a path upwards': {
    name: 'a.zip',
    bytes: makeZip({ name: '../outside', content: 'x' }),
    says: /has "\.\."/,
  },
  'zip: a path upwards from DOS': {
    name: 'a.zip',
    bytes: makeZip({ name: '..\\outside', maker: 0 }),
    says: /has "\.\."/,
  },
  'zip: an absolute path': {
    name: 'a.zip',
    bytes: makeZip({ name: '/etc/cron.d/x' }),
    says: /absolute path/,
  },
  'zip: a link out': {
    name: 'a.zip',
    bytes: makeZip({ name: 'a', content: '../../etc', mode: 0o120777 }),
    says: /leaves the release/,
  },
  'zip: writing through a link': {
    name: 'a.zip',
    bytes: makeZip({ name: 'a', content: 'b', mode: 0o120777 }, { name: 'a/x', content: 'x' }),
    says: /below a, which is a link/,
  },
  'zip: a device': {
    name: 'a.zip',
    bytes: makeZip({ name: 'null', mode: 0o020666 }),
    says: /character device/,
  },
  'zip: a socket': { name: 'a.zip', bytes: makeZip({ name: 's', mode: 0o140666 }), says: /is a socket/ },
  'zip: encrypted': {
    name: 'a.zip',
    bytes: makeZip({ name: 'a', content: 'x'.repeat(20), flags: 1, claimedSize: 8 }),
    says: /is encrypted/,
  },
  'zip: an odd method': { name: 'a.zip', bytes: makeZip({ name: 'a', method: 12 }), says: /method 12/ },
  'zip: another name in front': {
    name: 'a.zip',
    bytes: makeZip({ name: 'good', localName: 'evil' }),
    says: /another name before/,
  },
  'zip: a wrong checksum': {
    name: 'a.zip',
    bytes: makeZip({ name: 'a', content: 'x', checksum: 7 }),
    says: /checksum or its size is wrong/,
  },
  'zip: larger than claimed': {
    name: 'a.zip',
    bytes: makeZip({ name: 'a', content: zeros.subarray(0, 1e6), deflate: true, claimedSize: 100 }),
    says: /larger than it claims/,
  },
  'zip: smaller than claimed': {
    name: 'a.zip',
    bytes: makeZip({ name: 'a', content: 'abc', deflate: true, claimedSize: 100 }),
    says: /checksum or its size is wrong/,
  },
  'zip: overlapping entries': {
    name: 'a.zip',
    bytes: makeZip({ name: 'a', content: 'x' }, { name: 'a', headerAt: 0 }),
    says: /overlaps/,
  },
  'zip: an entry the directory hides': {
    name: 'a.zip',
    bytes: makeZip({ name: 'a' }, { name: 'hidden', content: 'x', hidden: true }, { name: 'b' }),
    says: /directory does not know/,
  },
  'zip: a bomb': {
    name: 'a.zip',
    bytes: makeZip({ name: 'a', content: zeros, deflate: true }),
    says: /250 times its size/,
  },
  'zip: truncated': {
    name: 'a.zip',
    bytes: makeZip({ name: 'a', content: 'x' }).subarray(0, -10),
    says: /damaged or truncated zip/,
  },
  'zip: something after it': {
    name: 'a.zip',
    bytes: Buffer.concat([makeZip({ name: 'a' }), Buffer.from('more')]),
    says: /damaged or truncated zip/,
  },
}

describe('a hostile archive is refused and writes nothing outside', () => {
  test.each(Object.entries(hostile))('%s', async (_, { name = 'a.tar', bytes, says, options }) => {
    const place = mkdtempSync(join(scratch, 'hostile-'))
    const destination = join(place, 'in', 'fresh')
    mkdirSync(destination, { recursive: true })
    writeFileSync(join(place, 'outside'), 'untouched')
    writeFileSync(join(place, name), bytes)
    const around = (): Record<string, string> =>
      Object.fromEntries(
        Object.entries(treeFacts(place)).filter(
          ([path]) => !path.startsWith('in/fresh/') && path !== 'in/fresh',
        ),
      )
    const before = around()
    const handles = openFiles()

    const artifact = { kind: 'archive' as const, path: join(place, name), name }
    const error: unknown = await unpack(artifact, destination, { signal: never, ...options }).catch(
      (thrown: unknown) => thrown,
    )

    expect(error).toBeInstanceOf(DeployError)
    expect(error).toMatchObject({ code: 'ARCHIVE_REFUSED' })
    expect((error as DeployError).message).toMatch(says)
    expect((error as DeployError).message).toMatch(new RegExp(`^${name} was refused: `))
    expect((error as DeployError).hint).not.toBe(undefined)
    expect(around()).toEqual(before)
    expect(openFiles()).toBeLessThanOrEqual(handles)
    const linksMade = execFileSync('find', [destination, '-type', 'l'], { encoding: 'utf8' })
    expect(linksMade).toBe('') // links are made last, and only when all of them stay inside
  })

  test('there are enough of them', () => expect(Object.keys(hostile).length).toBeGreaterThan(60))

  test('a tar whose header was touched anywhere is refused or unpacks the same names', async () => {
    const honest = makeTar(file('a', 'hello'))
    for (let at = 0; at < 512; at++) {
      const bytes = Buffer.from(honest)
      bytes[at] = (bytes[at] ?? 0) ^ 0x41
      const place = mkdtempSync(join(scratch, 'touched-'))
      writeFileSync(join(place, 'a.tar'), bytes)
      mkdirSync(join(place, 'fresh'))
      const artifact = { kind: 'archive' as const, path: join(place, 'a.tar'), name: 'a.tar' }
      const done = await unpack(artifact, join(place, 'fresh'), { signal: never }).catch(
        (error: unknown) => error,
      )
      if (done instanceof Error) expect(done).toMatchObject({ code: 'ARCHIVE_REFUSED' })
      else expect(Object.keys(treeFacts(join(place, 'fresh')))).toEqual(['a']) // behind the checksum's own end
      expect(readdirSync(place).sort()).toEqual(['a.tar', 'fresh'])
    }
  })
})

function openFiles(): number {
  return existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd').length : 0
}
