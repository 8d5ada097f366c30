// imapflow with QRESYNC before and after a server was restored: `before FILE` notes what the client knows, `after FILE`
// resynchronizes from that and compares the result with the server.
'use strict';
const assert = require('assert');
const fs = require('fs');
const { ImapFlow } = require(process.env.IMAPFLOW);

const [, , phase, file] = process.argv;
const options = {
    host: '127.0.0.1', port: Number(process.env.PORT), secure: true,
    tls: { rejectUnauthorized: false }, auth: { user: 'flow@example.org', pass: process.env.PASSWORD },
    qresync: true, logger: false
};

/** UID -> subject and flags, as the server has them. */
async function everything(client) {
    const all = {};
    for await (const one of client.fetch('1:*', { envelope: true, flags: true, uid: true }))
        all[one.uid] = { subject: one.envelope.subject, flagged: one.flags.has('\\Flagged') };
    return all;
}

async function main() {
    const client = new ImapFlow(options);
    await client.connect();
    if (phase === 'before') {
        await client.mailboxOpen('INBOX');
        fs.writeFileSync(file, JSON.stringify({
            uidValidity: client.mailbox.uidValidity.toString(), modseq: client.mailbox.highestModseq.toString(),
            uidNext: client.mailbox.uidNext, messages: await everything(client)
        }));
        await client.logout();
        return;
    }
    const known = JSON.parse(fs.readFileSync(file, 'utf8'));
    const cache = known.messages;
    client.on('expunge', (data) => { delete cache[data.uid]; });
    const changed = new Map();
    client.on('flags', (data) => changed.set(data.uid, data.flags.has('\\Flagged')));
    await client.mailboxOpen('INBOX', {
        uidValidity: BigInt(known.uidValidity), changedSince: BigInt(known.modseq)
    });
    assert.strictEqual(client.mailbox.uidValidity.toString(), known.uidValidity, 'UIDVALIDITY has changed');
    assert(client.mailbox.highestModseq > BigInt(known.modseq), 'HIGHESTMODSEQ has not risen');
    await new Promise((resolve) => setTimeout(resolve, 300));
    // What a client does with the answer: flags of what it knows, and new mail from its UIDNEXT on, or unknown UIDs.
    for (const [uid, flagged] of changed) if (cache[uid]) cache[uid].flagged = flagged;
    const there = await everything(client);
    for (const uid of Object.keys(there)) {
        if (cache[uid]) continue;
        const isOld = there[uid].subject.startsWith('saved');
        assert(isOld || Number(uid) >= known.uidNext, `UID ${uid} means another message now`);
        assert(isOld ? changed.has(Number(uid)) : true, `the client was not told of UID ${uid}`);
        cache[uid] = there[uid];
    }
    assert.deepStrictEqual(cache, there);
    await client.logout();
}

main().then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
