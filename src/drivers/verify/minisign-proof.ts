/** Proof by a minisign signature, checked with Node's own Ed25519 and BLAKE2b. */
import { createHash, createPublicKey, verify } from 'node:crypto'
import { formatSize } from '../../base/size.js'
import {
  readMinisignKey,
  readMinisignSignature,
  type MinisignKey,
  type MinisignSignature,
} from './minisign-format.js'
import {
  corrupt,
  firstCompanion,
  piecesOf,
  refuseOtherVersion,
  trustedFile,
  unproven,
  type Subject,
  type Verdict,
} from './subject.js'
import type { MinisignOptions } from './verify-options.js'

/** A signature of the old kind is over the whole file, which then has to be in memory. */
const legacyMostBytes = 256 * 2 ** 20

export async function proveByMinisign(subject: Subject, options: MinisignOptions): Promise<Verdict> {
  const key = await keyOf(subject, options)
  const found = await firstCompanion(subject, [options.signature ?? `${subject.name}.minisig`])
  if ('missing' in found) return found
  const signature = readMinisignSignature(Buffer.from(found.bytes).toString('utf8'))
  if (signature === null) {
    throw unproven(subject.shown, `${found.name} is no minisign signature`, {
      hint: 'Have it signed anew with: minisign -Sm FILE. Signatures of signify have no trusted comment and are not taken.',
      details: [`it begins: ${Buffer.from(found.bytes.subarray(0, 120)).toString('utf8').trim()}`],
    })
  }
  if (signature.keyId !== key.id) {
    throw unproven(subject.shown, `${found.name} was made with another key than the one in deploy.yaml`, {
      hint: 'If its publisher has a new key, make sure of it and write it under verify.minisign.',
      details: [`signed by ${signature.keyId}`, `trusted   ${key.id}`],
    })
  }
  if (!signature.prehashed && options.legacy !== true) {
    throw unproven(subject.shown, `${found.name} is of the old kind, not over the hash of the file`, {
      hint: 'Have it signed anew with minisign 0.10 or later, or accept the old kind with legacy: true.',
    })
  }
  await check(subject, key, signature, found.name)
  const signedName = /(?:^|\t)file:([^\t]+)/.exec(signature.trustedComment)?.[1]
  if (signedName !== undefined) refuseOtherVersion(subject, signedName, found.name)
  return null
}

async function keyOf(subject: Subject, options: MinisignOptions): Promise<MinisignKey> {
  const { publicKey, publicKeyFile } = options
  const text =
    publicKeyFile === undefined
      ? (publicKey ?? '')
      : (await trustedFile(publicKeyFile, subject.ports)).toString('utf8')
  const key = readMinisignKey(text)
  if (key !== null) return key
  const where = publicKeyFile ?? 'verify.minisign.publicKey'
  throw unproven(subject.shown, `${where} holds no minisign public key`, {
    hint: 'A key is 56 characters that begin with RW: the second line of minisign.pub.',
  })
}

async function check(
  subject: Subject,
  key: MinisignKey,
  signature: MinisignSignature,
  name: string,
): Promise<void> {
  const publicKey = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: key.bytes.toString('base64url') },
    format: 'jwk',
  })
  const whole = Buffer.concat([signature.bytes, Buffer.from(signature.trustedComment, 'utf8')])
  // this one does not depend on the file, so it tells a changed signature from a changed file
  if (!verify(null, whole, publicKey, signature.globalBytes)) {
    throw unproven(subject.shown, `${name} was changed after it was made`, {
      hint: 'Its trusted comment or the signature in it are not the original ones. Fetch or publish it again.',
    })
  }
  const message = signature.prehashed ? await blake2b(subject) : await wholeFile(subject)
  if (!verify(null, message, publicKey, signature.bytes)) {
    throw corrupt(subject.shown, `it does not fit ${name}`, [`signed by ${key.id}`])
  }
}

async function blake2b(subject: Subject): Promise<Buffer> {
  const hash = createHash('blake2b512')
  for await (const piece of piecesOf(subject)) hash.update(piece)
  return hash.digest()
}

async function wholeFile(subject: Subject): Promise<Buffer> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of piecesOf(subject)) {
    pieces.push(piece)
    bytes += piece.length
    if (bytes > legacyMostBytes) throw tooLarge(subject)
  }
  return Buffer.concat(pieces)
}

function tooLarge({ shown }: Subject): Error {
  const most = formatSize(legacyMostBytes)
  return unproven(shown, `signatures of the old kind are checked for files up to ${most}`, {
    hint: 'Have it signed anew with minisign 0.10 or later: such signatures are over the hash of the file.',
  })
}
