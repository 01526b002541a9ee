/** Archives as people make them, unpacked by us and by the system's own tools: the outcome has to be the same. */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { estimateSize } from '../../../src/drivers/artifacts/estimate-size.js'
import { unpack, type UnpackOptions } from '../../../src/drivers/artifacts/unpack.js'
import { makeTar, pax } from '../../support/archives/make-tar.js'
import { makeZip } from '../../support/archives/make-zip.js'
import { treeFacts, type TreeFacts } from '../../support/archives/tree-facts.js'
import { canMount, never, onTinyDisk, scratchFolder } from '../system/scratch.js'

const scratch = await scratchFolder()
const release = makeRelease()

function sh(line: string, directory: string): void {
  execFileSync('sh', ['-c', line], { cwd: directory, stdio: ['ignore', 'ignore', 'inherit'] })
}

/** Everything a release may hold. */
function makeRelease(): string {
  const root = join(scratch, 'release')
  const put = (path: string, content: string | Buffer, mode = 0o644): void => {
    mkdirSync(join(root, path, '..'), { recursive: true })
    writeFileSync(join(root, path), content)
    chmodSync(join(root, path), mode)
  }
  put('bin/run', '#!/bin/sh\necho hello\n', 0o755)
  put('empty', '')
  put('secret', 'x', 0o600)
  put('read-only', 'x', 0o444)
  put('group', 'x', 0o664)
  put('large', Buffer.alloc(3_000_001, 'abcdefghij'))
  put('exactly-one-block', 'b'.repeat(512))
  put('café/日本語/naïve – file 😀.txt', 'ü')
  put('with spaces and "quotes" and \\ back\\slashes', 'x')
  put('-dash', 'x')
  put(`${'long-folder-name/'.repeat(12)}${'f'.repeat(200)}`, 'deep')
  put(`${'é'.repeat(100)}/${'€'.repeat(80)}`, 'wide')
  mkdirSync(join(root, 'empty-folder'))
  mkdirSync(join(root, 'closed'))
  put('closed/inside', 'x')
  chmodSync(join(root, 'closed'), 0o555)
  symlinkSync('bin/run', join(root, 'link'))
  symlinkSync('../empty', join(root, 'bin/up'))
  symlinkSync('café/日本語', join(root, 'to-folder'))
  symlinkSync('nowhere', join(root, 'dangling'))
  symlinkSync('round', join(root, 'round'))
  linkSync(join(root, 'large'), join(root, 'large-again'))
  put('sparse', '')
  truncateSync(join(root, 'sparse'), 5_000_000)
  execFileSync(
    'sh',
    [
      '-c',
      'printf data | dd of=sparse bs=1 seek=1000000 conv=notrunc 2>/dev/null; printf end | dd of=sparse bs=1 seek=4000000 conv=notrunc 2>/dev/null',
    ],
    { cwd: root },
  )
  put('sparse-end', 'only the beginning')
  truncateSync(join(root, 'sparse-end'), 2_000_000)
  age(root, 1_600_000_000)
  return root
}

/** Different times for all, to the quarter of a second. */
function age(root: string, from: number): void {
  let seconds = from
  const visit = (path: string): void => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const full = join(path, entry.name)
      if (entry.isDirectory()) visit(full)
      seconds += 1.25
      if (entry.isSymbolicLink()) lutimesSync(full, seconds, seconds)
      else utimesSync(full, seconds, seconds)
    }
  }
  visit(root)
}

function fresh(): string {
  return mkdtempSync(join(scratch, 'fresh-'))
}

async function unpacked(
  name: string,
  bytes: Buffer | null,
  options: Partial<UnpackOptions> = {},
): Promise<TreeFacts> {
  const path = join(scratch, name)
  if (bytes !== null) writeFileSync(path, bytes)
  const destination = fresh()
  await unpack({ kind: 'archive', path, name }, destination, { signal: never, ...options })
  return treeFacts(destination, { times: false })
}

describe('tar makes the same', () => {
  const formats = [
    '--format=gnu',
    '--format=posix',
    '--format=gnu --sparse',
    '--format=posix --sparse',
    '--format=posix --sparse --sparse-version=0.0',
    '--format=posix --sparse --sparse-version=0.1',
  ]
  const packers = ['', '-z', '-j', '-J', '--zstd']
  const cases = [
    ...formats.map((format) => [format, ''] as const),
    ...packers.map((packer) => ['--format=posix', packer] as const),
  ]
  test.each(cases)('%s %s', async (format, packer) => {
    const archive = join(mkdtempSync(join(scratch, 'tar-')), 'a.tar')
    sh(`tar ${format} ${packer} -cf ${archive} .`, release)
    const theirs = fresh()
    sh(`tar -xf ${archive} -C ${theirs}`, scratch)
    const ours = fresh()
    const report = await unpack({ kind: 'archive', path: archive, name: 'release' }, ours, { signal: never })
    expect(treeFacts(ours)).toEqual(treeFacts(theirs))
    const facts = Object.values(treeFacts(theirs))
    expect(report.folders).toBe(facts.filter((fact) => fact.startsWith('folder')).length)
    expect(report.files + report.links).toBe(facts.length - report.folders)
    expect(statSync(join(ours, 'large')).ino).toBe(statSync(join(ours, 'large-again')).ino)
    if (format.includes('sparse')) expect(statSync(join(ours, 'sparse')).blocks * 512).toBeLessThan(1_000_000)
  })

  test('ustar, with its prefix', async () => {
    const archive = join(scratch, 'ustar.tar')
    const small = join(scratch, 'small')
    sh(
      `mkdir -p small/${'d'.repeat(90)}/${'e'.repeat(60)} && echo x > small/${'d'.repeat(90)}/${'e'.repeat(60)}/file`,
      scratch,
    )
    sh(
      `tar --format=ustar -cf ${archive} . && mkdir ../small-theirs && tar -xf ${archive} -C ../small-theirs`,
      small,
    )
    const ours = fresh()
    await unpack({ kind: 'archive', path: archive, name: 'ustar.tar' }, ours, { signal: never })
    expect(treeFacts(ours)).toEqual(treeFacts(join(scratch, 'small-theirs')))
  })

  test('setuid, setgid, sticky and world-writable bits stay behind', async () => {
    const parts = [0o6755, 0o1777, 0o666, 0o2775].map((mode, at) => ({ name: `f${at}`, mode, content: 'x' }))
    const facts = await unpacked('modes.tar', makeTar(...parts, { name: 'd', type: '5', mode: 0o7777 }))
    expect(Object.values(facts).map((fact) => fact.split(' ')[1])).toEqual([
      '775',
      '755',
      '775',
      '664',
      '775',
    ])
  })

  test('an entry that comes twice counts as it came last', async () => {
    const bytes = makeTar(
      { name: 'a', content: 'old' },
      { name: 'a', content: 'newer' },
      { name: 'd', type: '5' },
      { name: 'd', type: '5', mode: 0o700 },
    )
    const facts = await unpacked('twice.tar', bytes)
    expect(facts['a']).toMatch(/^file 644 5 /)
    expect(facts['d']).toBe('folder 700')
  })

  test('entries may come in any order: a link before its target, a file before its folder', async () => {
    const bytes = makeTar(
      { name: 'link', type: '2', target: 'd/x' },
      { name: 'd/x', content: 'x' },
      { name: 'd', type: '5', mode: 0o700 },
      { name: './', type: '5' },
    )
    const facts = await unpacked('order.tar', bytes)
    expect(Object.keys(facts)).toEqual(['d', 'd/x', 'link'])
    expect(facts['d']).toBe('folder 700')
  })

  test('a global header with a comment, as git archive writes it', async () => {
    const facts = await unpacked(
      'git.tar',
      makeTar(pax({ comment: 'abcdef' }, 'g'), { name: 'a', content: 'x' }),
    )
    expect(Object.keys(facts)).toEqual(['a'])
  })

  test('a tar.gz without an end mark is whole, because gzip says so', async () => {
    const bytes = makeTar({ name: 'a', content: 'x' })
    expect(Object.keys(await unpacked('no-end.tar.gz', gzipSync(bytes.subarray(0, 1024))))).toEqual(['a'])
  })

  test('a value with a line break in a pax record is one value', async () => {
    const facts = await unpacked(
      'comment.tar',
      makeTar(pax({ comment: 'one\n20 path=../../evil\n' }), { name: 'a' }),
    )
    expect(Object.keys(facts)).toEqual(['a'])
  })
})

describe('unzip makes the same', () => {
  test.each(['', '-0', '-fz'])('zip %s', async (flags) => {
    const archive = join(mkdtempSync(join(scratch, 'zip-')), 'a.zip')
    // without what zip cannot keep: hard links become files, and times have whole seconds
    age(release, 1_600_000_000)
    sh(`zip -q -r -y ${flags} ${archive} . -x sparse`, release)
    const theirs = fresh()
    sh(`unzip -q ${archive} -d ${theirs}`, scratch)
    const ours = fresh()
    await unpack({ kind: 'archive', path: archive, name: 'release' }, ours, { signal: never })
    const withoutLinkTimes = (facts: TreeFacts) =>
      Object.fromEntries(
        Object.entries(facts).map(([path, fact]) => [
          path,
          fact.startsWith('link') ? fact.replace(/ at .*/, '') : fact,
        ]),
      )
    expect(withoutLinkTimes(treeFacts(ours))).toEqual(withoutLinkTimes(treeFacts(theirs)))
    const { bytes, exact } = await estimateSize({ kind: 'archive', path: archive, name: 'a.zip' }, never)
    expect(exact).toBe(true)
    expect(bytes).toBeGreaterThan(5_000_000)
  })

  test('zip from a pipe: sizes behind the content, and 64 bits', async () => {
    const archive = join(scratch, 'piped.zip')
    sh(`zip -q - large | cat > ${archive}`, release)
    const facts = await unpacked('piped.zip', null)
    expect(Object.values(facts)[0]).toMatch(/^file \d+ 3000001 /)
  })

  test('data descriptors, and padding between entries', async () => {
    const bytes = makeZip(
      { name: 'a', content: 'hello'.repeat(50), deflate: true, descriptor: true },
      { name: 'd/', mode: 0o040700 },
      { name: 'b', content: 'x', maker: 0, mode: 0, gap: Buffer.alloc(64) },
    )
    const facts = await unpacked('descriptor.zip', bytes)
    expect(facts).toMatchObject({
      a: expect.stringMatching(/^file 644 250 /) as string,
      b: expect.stringMatching(/^file 644 1 /) as string,
      d: 'folder 700',
    })
  })
})

describe('what is no archive', () => {
  test('a program and a script may be run, a text may not', async () => {
    expect(await unpacked('tool', readFileSync(process.execPath).subarray(0, 5000))).toMatchObject({
      tool: expect.stringMatching(/^file 755/) as string,
    })
    expect(await unpacked('script', Buffer.from('#!/bin/sh\n'))).toMatchObject({
      script: expect.stringMatching(/^file 755/) as string,
    })
    expect(await unpacked('notes.txt', Buffer.from('hello'))).toMatchObject({
      'notes.txt': expect.stringMatching(/^file 644/) as string,
    })
  })

  test('a program compressed by itself loses the compression and its ending', async () => {
    const facts = await unpacked('tool_linux_amd64.gz', gzipSync(Buffer.from('\x7fELF and so on', 'latin1')))
    expect(Object.keys(facts)).toEqual(['tool_linux_amd64'])
    expect(facts['tool_linux_amd64']).toMatch(/^file 755/)
  })

  test('a .jar stays a .jar', async () => {
    const facts = await unpacked('app.jar', makeZip({ name: 'META-INF/MANIFEST.MF', content: 'x' }))
    expect(Object.keys(facts)).toEqual(['app.jar'])
  })
})

describe('a part of an archive', () => {
  const npm = makeTar(
    { name: 'package/package.json', content: '{}' },
    { name: 'package/bin/run', content: '#!' },
    { name: 'package/bin/run-again', type: '1', target: 'package/bin/run' },
    { name: 'package/lib/a.js', content: 'a' },
    { name: 'package/lib/deep/b.js', content: 'b' },
  )
  test('strip leaves the leading folders out, of hard links too', async () => {
    const facts = await unpacked('npm.tar', npm, { strip: 1 })
    expect(Object.keys(facts)).toEqual([
      'bin',
      'bin/run',
      'bin/run-again',
      'lib',
      'lib/a.js',
      'lib/deep',
      'lib/deep/b.js',
      'package.json',
    ])
  })
  test.each([
    [['lib'], ['lib', 'lib/a.js', 'lib/deep', 'lib/deep/b.js']],
    [['lib/*.js'], ['lib', 'lib/a.js']],
    [
      ['**/*.js', 'package.json'],
      ['lib', 'lib/a.js', 'lib/deep', 'lib/deep/b.js', 'package.json'],
    ],
    [['./lib/deep/'], ['lib', 'lib/deep', 'lib/deep/b.js']],
    [['?ib/a.js'], ['lib', 'lib/a.js']],
  ])('include %s', async (include, names) => {
    expect(Object.keys(await unpacked('npm.tar', npm, { strip: 1, include }))).toEqual(names)
  })
  test('a pattern that fits nothing, and stripping that leaves nothing, are errors', async () => {
    await expect(unpacked('npm.tar', npm, { include: ['package/lib', 'dist'] })).rejects.toThrow(
      /nothing that fits include "dist"/,
    )
    await expect(unpacked('npm.tar', npm, { strip: 9 })).rejects.toThrow(/nothing is left/)
  })
  test('a link that only stripping leads out is refused', async () => {
    const bytes = makeTar(
      { name: 'package/link', type: '2', target: '../other' },
      { name: 'other', content: 'x' },
    )
    await expect(unpacked('strip-link.tar', bytes, { strip: 1 })).rejects.toThrow(/leaves the release/)
  })
})

describe('a folder is copied by the same rules', () => {
  const copied = async (from: string): Promise<string> => {
    const ours = fresh()
    await unpack({ kind: 'folder', path: from, name: 'release' }, ours, { signal: never })
    return ours
  }
  test('with modes, times, links, holes and hard links', async () => {
    age(release, 1_600_000_000)
    const ours = await copied(release)
    expect(treeFacts(ours)).toEqual(treeFacts(release))
    expect(statSync(join(ours, 'large')).ino).toBe(statSync(join(ours, 'large-again')).ino)
    expect(await estimateSize({ kind: 'folder', path: release, name: '' }, never)).toMatchObject({
      exact: true,
    })
  })
  test('a link out and a pipe are refused', async () => {
    const out = fresh()
    symlinkSync('../../etc', join(out, 'out'))
    await expect(copied(out)).rejects.toThrow(/"out" is a link that leaves the release/)
    const pipe = fresh()
    execFileSync('mkfifo', [join(pipe, 'pipe')])
    await expect(copied(pipe)).rejects.toThrow(/"pipe" is a named pipe/)
  })
})

describe('when it cannot be done', () => {
  test('a folder that is not empty is left alone', async () => {
    const full = fresh()
    writeFileSync(join(full, 'a'), 'mine')
    writeFileSync(join(scratch, 'x.tar'), makeTar({ name: 'a' }))
    const artifact = { kind: 'archive' as const, path: join(scratch, 'x.tar'), name: 'x.tar' }
    await expect(unpack(artifact, full, { signal: never })).rejects.toMatchObject({ code: 'FILE_EXISTS' })
    expect(readFileSync(join(full, 'a'), 'utf8')).toBe('mine')
  })

  test('cancelling ends it, for every format', async () => {
    const big = makeTar({ name: 'a', content: Buffer.alloc(30 * 2 ** 20, 'random') })
    for (const [name, bytes] of [
      ['big.tar', big],
      ['big.tgz', gzipSync(big)],
      ['big.tar.xz', null],
    ] as const) {
      if (bytes === null) sh(`xz -0 -k -f big.tar`, scratch)
      const cancel = new AbortController()
      const path = join(scratch, name)
      if (bytes !== null) writeFileSync(path, bytes)
      const onProgress = (): void => cancel.abort()
      await expect(
        unpack({ kind: 'archive', path, name }, fresh(), { signal: cancel.signal, onProgress }),
      ).rejects.toMatchObject({ code: 'CANCELLED' })
    }
  })

  test.skipIf(!canMount)('a full disk is told, by name', async () => {
    const big = makeTar({ name: 'a', content: Buffer.alloc(4 * 2 ** 20, 'x') })
    writeFileSync(join(scratch, 'full.tar'), big)
    await onTinyDisk(scratch, 'size=1m', async (disk) => {
      const artifact = { kind: 'archive' as const, path: join(scratch, 'full.tar'), name: 'full.tar' }
      await expect(unpack(artifact, disk, { signal: never })).rejects.toMatchObject({
        code: 'DISK_FULL',
        message: expect.stringContaining(`${disk}/a`) as string,
      })
    })
  })

  test('a missing tool is named, with what to do', async () => {
    sh('tar -C release -cf plain.tar bin && zstd -q -f plain.tar -o plain.tar.zst', scratch)
    const path = process.env['PATH']
    process.env['PATH'] = '/nowhere'
    try {
      await expect(unpacked('plain.tar.zst', null)).rejects.toMatchObject({
        code: 'COMMAND_NOT_FOUND',
        message: 'plain.tar.zst cannot be unpacked: it is compressed with zstd, which is not installed here',
        hint: 'Install zstd, or publish a .tar.gz.',
      })
    } finally {
      process.env['PATH'] = path
    }
  })
})

test('sizes are estimated before anything is unpacked', async () => {
  sh('tar -czf est.tgz release && tar -cJf est.tar.xz release', scratch)
  const estimate = (name: string) => estimateSize({ kind: 'archive', path: join(scratch, name), name }, never)
  const unpackedBytes = Number(
    execFileSync('gzip', ['-l', join(scratch, 'est.tgz')], { encoding: 'utf8' }).split(/\s+/)[6],
  )
  expect(await estimate('est.tgz')).toEqual({ bytes: unpackedBytes, exact: false })
  expect(await estimate('est.tar.xz')).toEqual({
    bytes: statSync(join(scratch, 'est.tar.xz')).size * 5,
    exact: false,
  })
})
