#include "index/search.h"

#include <algorithm>

#include "async/offload.h"
#include "index/evaluate.h"
#include "store/email_reader.h"
#include "store/store.h"

namespace posthorn::index {
namespace {

using store::Column;

store::Columns columns_for(Depth depth) {
  switch (depth) {
    case Depth::row: return 0;
    case Depth::keys: return bit(Column::keys);
    case Depth::header: return static_cast<store::Columns>(bit(Column::keys) | bit(Column::header));
    case Depth::body:
      return static_cast<store::Columns>(bit(Column::keys) | bit(Column::header) |
                                         bit(Column::structure) | bit(Column::body));
  }
  return 0;
}

class Run {
 public:
  Run(store::AccountPtr account, store::MailboxPtr mailbox, const SearchProgram& program,
      const std::atomic<bool>* cancelled)
      : account_(std::move(account)),
        mailbox_(std::move(mailbox)),
        program_(program),
        cancelled_(cancelled),
        reader_(account_) {}

  SearchResult operator()(Uid last) {
    const store::Members& members = mailbox_->contents->members();
    const std::uint32_t end =
        last.value == UINT32_MAX ? members.count() : members.lower_bound(Uid(last.value + 1));
    if (const NumberSet* bound = program_.bound()) {
      for (const NumberSet::Range& range : bound->ranges()) {
        const std::uint32_t to =
            range.last == UINT32_MAX ? end : members.lower_bound(Uid(range.last + 1));
        over(members.lower_bound(Uid(range.first)), std::min(end, to));
      }
    } else {
      over(0, end);
    }
    return std::move(result_);
  }

 private:
  void over(std::uint32_t first, std::uint32_t end) {
    constexpr std::uint32_t kBatch = 256;
    for (; first < end; first = std::min(end, first + kBatch)) {
      if (cancelled_ != nullptr && cancelled_->load(std::memory_order_relaxed)) return;
      batch(first, std::min(end, first + kBatch));
    }
  }

  void batch(std::uint32_t first, std::uint32_t end) {
    open_.clear();
    const std::size_t found_before = result_.positions.size();
    mailbox_->contents->for_each(first, end,
                                 [&](std::uint32_t position, const store::MemberLeaf& m,
                                     const store::FlagLeaf& f, std::uint32_t k) {
                                   Candidate c;
                                   c.position = position;
                                   c.member = m.at(k);
                                   c.flags = f.at(k);
                                   judge(c);
                                 });
    for (Depth depth = Depth::keys; !open_.empty() && depth <= program_.root().depth;
         depth = static_cast<Depth>(static_cast<int>(depth) + 1))
      deepen(depth);
    std::sort(result_.positions.begin() + static_cast<std::ptrdiff_t>(found_before),
              result_.positions.end());
  }

  void deepen(Depth depth) {
    ordinals_.clear();
    for (const Candidate& c : open_) ordinals_.push_back(c.member.ordinal);
    reader_.load_blocking(ordinals_, columns_for(depth));
    std::vector<Candidate> candidates;
    candidates.swap(open_);
    for (Candidate& c : candidates) {
      if (read(c, depth)) {
        judge(c);
      } else {
        ++result_.unreadable;
      }
    }
  }

  bool read(Candidate& c, Depth depth) {
    const auto column = [&](Column which, std::string_view& into) {
      auto bytes = reader_.get(c.member.ordinal, which);
      if (bytes) into = *bytes;
      return bytes.has_value();
    };
    std::string_view keys;
    if (!column(Column::keys, keys)) return false;
    c.keys = message::KeysView(keys);
    c.read = depth;
    if (depth >= Depth::header && !column(Column::header, c.header)) return false;
    if (depth >= Depth::body &&
        (!column(Column::structure, c.structure) || !column(Column::body, c.body)))
      return false;
    return true;
  }

  void judge(const Candidate& c) {
    switch (evaluate(program_.root(), c, *mailbox_->keywords, account_)) {
      case Verdict::yes: result_.positions.push_back(c.position); break;
      case Verdict::no: break;
      case Verdict::unknown: open_.push_back(c); break;
    }
  }

  store::AccountPtr account_;
  store::MailboxPtr mailbox_;
  const SearchProgram& program_;
  const std::atomic<bool>* cancelled_;
  store::EmailReader reader_;
  std::vector<Candidate> open_;
  std::vector<Ordinal> ordinals_;
  SearchResult result_;
};

}  // namespace

async::Task<SearchResult> search(store::AccountPtr account, store::MailboxPtr mailbox,
                                 const SearchProgram& program, Uid last,
                                 const std::atomic<bool>* cancelled) {
  constexpr std::uint32_t kInPlace = 100'000;  // Rows alone: well under a millisecond.
  async::OffloadPool& pool = account->store().offload();
  const bool here = program.root().depth == Depth::row && mailbox->contents->count() <= kInPlace;
  Run run(std::move(account), std::move(mailbox), program, cancelled);
  if (here) co_return run(last);
  co_return co_await async::offload(pool, [&] { return run(last); });
}

}  // namespace posthorn::index
