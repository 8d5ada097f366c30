#include "server/imap/fetch/fetch_row.h"

namespace posthorn::server::imap {

namespace wi = wire::imap;

void begin_row(const Session& session, wi::FetchWriter& fetch, Seqnum seqnum, Uid uid) {
  if (session.enabled.uid_only) {
    fetch.begin(uid);
  } else {
    fetch.begin(seqnum);
  }
}

RowWriter::RowWriter(Session& session, const store::Mailbox& now)
    : session_(session),
      now_(now),
      shows_recent_(!session.enabled.rev2 && !session.selected->recent.empty()) {}

bool RowWriter::is_recent(Uid uid) const { return session_.selected->recent.contains(uid.value); }

void RowWriter::spell(Spelling& spelling, unsigned key, std::uint32_t keywords) const {
  spelling.key = key;
  spelling.keywords = keywords;
  spelling.text.clear();
  wi::Writer writer(spelling.text, session_.dialect());
  writer.flag_list(
      static_cast<SystemFlags>(key / 2), key % 2 != 0 ? wi::Recent::yes : wi::Recent::no,
      keywords == 0 ? std::vector<std::string>()
                    : session_.selected->mailbox.flags(now_).keywords().names_of(keywords));
}

void RowWriter::write_flags(Seqnum seqnum, Uid uid, const store::FlagState& state) {
  auto writer = session_.writer();
  wi::FetchWriter fetch(writer);
  begin_row(session_, fetch, seqnum, uid);
  if (with_uid && !session_.enabled.uid_only) fetch.uid(uid);
  if (with_flags) fetch.flags(flags(uid, state));
  if (session_.enabled.condstore) {
    fetch.modseq(state.modseq);
    session_.selected->said_modseq = true;
  }
  fetch.end();
}

}  // namespace posthorn::server::imap
