// imapflow against the server: login, QRESYNC on reopening, IDLE hearing of another's changes.
'use strict';
const assert = require('assert');
const { ImapFlow } = require(process.env.IMAPFLOW);

const user = 'flow@example.org';
const options = () => ({
    host: '127.0.0.1', port: Number(process.env.PORT), secure: true,
    tls: { rejectUnauthorized: false }, auth: { user, pass: process.env.PASSWORD },
    qresync: true, logger: false
});
const message = (n) => Buffer.from(`Subject: number ${n}\r\nMessage-ID: <${n}@test>\r\n\r\nbody ${n}\r\n`);

function heard(client, event, wanted = () => true) {
    return new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`no ${event} was heard`)), 20000);
        const listen = (data) => {
            if (!wanted(data)) return;
            clearTimeout(timer);
            client.removeListener(event, listen);
            resolve(data);
        };
        client.on(event, listen);
    });
}

async function main() {
    const writer = new ImapFlow(options());
    await writer.connect();
    assert(writer.capabilities.has('QRESYNC'), 'QRESYNC is not offered');
    for (let n = 1; n <= 10; n++) await writer.append('INBOX', message(n), n % 2 ? ['\\Seen'] : []);
    let lock = await writer.getMailboxLock('INBOX');
    assert.strictEqual(writer.mailbox.exists, 10);
    const known = { uidValidity: writer.mailbox.uidValidity, modseq: writer.mailbox.highestModseq };
    const all = [];
    for await (const one of writer.fetch('1:*', { envelope: true, flags: true, uid: true, source: true })) all.push(one);
    assert.strictEqual(all.length, 10);
    assert.strictEqual(all[3].envelope.subject, 'number 4');
    assert.deepStrictEqual(all[3].source, message(4));
    assert.deepStrictEqual(await writer.search({ seen: false }, { uid: true }), [2, 4, 6, 8, 10]);
    lock.release();

    const idler = new ImapFlow(options());
    await idler.connect();
    await idler.mailboxOpen('INBOX');
    const idling = idler.idle();
    const exists = heard(idler, 'exists');
    await writer.append('INBOX', message(11));
    assert.strictEqual((await exists).count, 11);
    const flags = heard(idler, 'flags', (data) => data.flags.has('\\Flagged'));
    lock = await writer.getMailboxLock('INBOX');
    await writer.messageFlagsAdd('2', ['\\Flagged'], { uid: true });
    await flags;
    const gone = heard(idler, 'expunge');
    await writer.messageDelete('4', { uid: true });
    assert.strictEqual((await gone).uid || (await gone).seq, 4);
    lock.release();
    await idler.logout();
    await idling.catch(() => {});

    const later = new ImapFlow(options());
    await later.connect();
    const seen = { vanished: [], changed: [] };
    later.on('expunge', (data) => seen.vanished.push(data.uid));
    later.on('flags', (data) => seen.changed.push(data.uid));
    await later.mailboxOpen('INBOX', { uidValidity: known.uidValidity, changedSince: known.modseq });
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert(seen.vanished.includes(4), `QRESYNC did not tell of the expunge: ${JSON.stringify(seen)}`);
    assert(seen.changed.includes(2), `QRESYNC did not tell of the flags: ${JSON.stringify(seen)}`);
    await later.logout();
    await writer.logout();
    console.log('passed');
}

main().then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
