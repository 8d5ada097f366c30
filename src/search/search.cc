#include "search/search.h"

#include <algorithm>
#include <bit>
#include <deque>
#include <optional>
#include <thread>
#include <utility>

#include "async/gate.h"
#include "async/offload.h"
#include "search/body_search.h"
#include "search/evaluate.h"
#include "search/in_turns.h"
#include "search/row_bits.h"
#include "store/filter/text_filter.h"
#include "store/read/email_reader.h"
#include "store/store.h"
#include "store/upkeep/maintenance.h"

namespace posthorn::search {
namespace {

using store::Column;

/// The columns that the program needs up to this depth.
store::Columns columns_for(const SearchProgram& program, Depth depth) {
  unsigned columns = 0;
  if (program.reads(Depth::keys)) columns |= bit(Column::keys);
  if (program.reads(Depth::header) && depth >= Depth::header) columns |= bit(Column::header);
  if (program.reads_origins()) columns |= bit(Column::body);
  if (depth == Depth::body) columns |= bit(Column::structure) | bit(Column::body);
  return static_cast<store::Columns>(columns);
}

/// Positions [first, end).
struct Span {
  std::uint32_t first = 0;
  std::uint32_t end = 0;
};

/// The positions at which messages may match: UIDs up to `last`, within the program's bound. Small
/// gaps are included, because a leaf costs the same for one message as for all, and the program
/// checks the bound itself.
std::vector<Span> spans_of(const SearchProgram& program, const store::Members& members, Uid last) {
  const auto below = [&](std::uint32_t uid) {  // Positions of UIDs up to this one.
    return uid == UINT32_MAX ? members.count() : members.lower_bound(Uid(uid + 1));
  };
  const std::uint32_t end = below(last.value);
  const NumberSet* bound = program.bound();
  if (bound == nullptr) return {{0, end}};
  std::vector<Span> spans;
  for (const NumberSet::Range& range : bound->ranges()) {
    const std::uint32_t first = members.lower_bound(Uid(range.first));
    if (first >= end) break;
    if (spans.empty() || first > spans.back().end + store::kLeafSize)
      spans.push_back({first, first});
    spans.back().end = std::min(end, below(range.last));
  }
  return spans;
}

/// The same, cut into pieces of at most `size`.
std::vector<Span> cut(const std::vector<Span>& spans, std::uint32_t size) {
  std::vector<Span> pieces;
  for (const Span span : spans) {
    for (std::uint32_t first = span.first; first < span.end; first = pieces.back().end)
      pieces.push_back({first, first + std::min(size, span.end - first)});
  }
  return pieces;
}

/// Runs a program over some of a mailbox's messages. Used by one thread at a time.
class Run {
 public:
  Run(store::AccountPtr account, store::MailboxPtr mailbox, store::FlagsView flags,
      const SearchProgram& program, const store::TextFilter* filter, WorkLimit& limit)
      : mailbox_(std::move(mailbox)),
        flags_(flags),
        keywords_(flags.keywords()),
        program_(program),
        filter_(filter),
        limit_(limit),
        work_(limit),
        reader_(account),
        bodies_(std::move(account), program.collation()) {}

  /// Only one batch of what is read is in memory at a time. Rows are in memory anyway.
  static std::uint32_t batch_size(const SearchProgram& program) {
    return program.root().depth == Depth::row ? 16'384 : 256;
  }

  SearchResult operator()(const std::vector<Span>& spans) {
    for (const Span span : cut(spans, batch_size(program_))) {
      if (work_.is_over()) break;
      batch(span.first, span.end);
      limit_.add_examined(span.end - span.first);
    }
    return std::exchange(result_, {});
  }

 private:
  void batch(std::uint32_t first, std::uint32_t end) {
    open_.clear();
    const std::size_t found_before = result_.positions.size();
    flags_.for_each_leaf(
        first, end,
        [&](std::uint32_t position, const store::MemberLeaf& m, const store::FlagLeaf& f,
            std::uint32_t from, std::uint32_t to) { leaf(position - from, m, f, from, to); });
    if (open_.empty()) return;
    if (filter_ != nullptr) filter();
    // Also the header of messages of whose keys a part is missing, for a program that needs no
    // more.
    for (Depth depth = Depth::keys; !open_.empty() && depth <= Depth::body;
         depth = static_cast<Depth>(static_cast<int>(depth) + 1))
      if (program_.reads(depth)) deepen(depth);
    // Everything that exists has been read of these messages, except for unreadable data.
    for (const Candidate& c : open_) result_.unreadable.add(c.member.uid, bodies_.failed());
    std::sort(result_.positions.begin() + static_cast<std::ptrdiff_t>(found_before),
              result_.positions.end());
  }

  /// Examines the messages [from, to) of a leaf whose first message is at `base`.
  void leaf(std::uint32_t base, const store::MemberLeaf& m, const store::FlagLeaf& f,
            std::uint32_t from, std::uint32_t to) {
    work_.add(std::uint64_t{program_.nodes()} * store::kLeafSize);
    if (work_.is_over()) return;
    const RowVerdicts verdicts = judge_rows(program_.root(), m, f, keywords_);
    const LeafBits asked = first_bits(to) & ~first_bits(from);
    for (LeafBits bits = verdicts.yes & asked; bits != 0; bits &= bits - 1)
      result_.positions.push_back(base + static_cast<std::uint32_t>(std::countr_zero(bits)));
    for (LeafBits bits = asked & ~(verdicts.yes | verdicts.no); bits != 0; bits &= bits - 1) {
      const auto k = static_cast<std::uint32_t>(std::countr_zero(bits));
      Candidate& c = open_.emplace_back();
      c.position = base + k;
      c.member = m.at(k);
      c.flags = f.at(k);
    }
  }

  /// Judges the messages by what the filters rule out.
  void filter() {
    candidates_.clear();
    candidates_.swap(open_);
    for (Candidate& c : candidates_) {
      c.absent = filter_->absent(c.member.ordinal, filter_hint_);
      if (c.absent != 0) {
        judge(c);
      } else {
        open_.push_back(c);
      }
    }
  }

  void deepen(Depth depth) {
    ordinals_.clear();
    for (const Candidate& c : open_) ordinals_.push_back(c.member.ordinal);
    reader_.load_blocking(ordinals_, columns_for(program_, depth));
    candidates_.clear();
    candidates_.swap(open_);
    for (Candidate& c : candidates_) {
      if (work_.is_over()) return;
      if (Status ok = read(c, depth); ok) {
        judge(c);
      } else {
        result_.unreadable.add(c.member.uid, ok.error());
      }
    }
  }

  Status read(Candidate& c, Depth depth) {
    const auto column = [&](Column which, std::string_view& into) -> Status {
      auto bytes = reader_.get(c.member.ordinal, which);
      if (!bytes) return pass(bytes);
      into = *bytes;
      return {};
    };
    const store::Columns columns = columns_for(program_, depth);
    const auto has = [&](Column which) { return (columns & bit(which)) != 0; };
    std::string_view keys;
    Status ok;
    if (has(Column::keys)) ok = column(Column::keys, keys);
    c.keys = message::KeysView(keys);
    c.read = depth;
    if (ok && has(Column::header)) ok = column(Column::header, c.header);
    if (ok && has(Column::structure)) ok = column(Column::structure, c.structure);
    if (ok && has(Column::body)) ok = column(Column::body, c.body);
    return ok;
  }

  void judge(const Candidate& c) {
    switch (evaluate(program_.root(), c, keywords_, bodies_, work_)) {
      case Verdict::yes: result_.positions.push_back(c.position); break;
      case Verdict::no: break;
      case Verdict::unknown: open_.push_back(c); break;
    }
  }

  store::MailboxPtr mailbox_;
  store::FlagsView flags_;
  store::KeywordsView keywords_;
  const SearchProgram& program_;
  const store::TextFilter* const filter_;  ///< May be null.
  std::size_t filter_hint_ = 0;
  WorkLimit& limit_;
  Work work_;
  store::EmailReader reader_;
  BodySearch bodies_;
  std::vector<Candidate> open_;
  std::vector<Candidate> candidates_;  ///< Those that are being judged.
  std::vector<Ordinal> ordinals_;
  SearchResult result_;
};

/// What several threads work on: each takes the next piece when it has finished one.
struct Shared {
  const std::vector<Span> pieces;
  std::vector<SearchResult> found;  ///< For each piece.
  std::atomic<std::size_t> next{0};

  explicit Shared(std::vector<Span> all) : pieces(std::move(all)), found(pieces.size()) {}
  SearchResult result() {
    SearchResult all;
    for (const SearchResult& some : found) {
      all.positions.insert(all.positions.end(), some.positions.begin(), some.positions.end());
      all.unreadable.merge(some.unreadable);
    }
    return all;
  }
};

/// One thread's part. `run`, `shared` and `limit` must outlive the task.
async::Task<void> work_on(store::AccountPtr account, Run& run, Shared& shared, WorkLimit& limit) {
  const auto step = [&run, &shared, &limit] {
    const std::size_t i = shared.next++;
    if (i >= shared.pieces.size() || limit.is_over()) return false;
    shared.found[i] = run({shared.pieces[i]});
    return true;
  };
  co_await in_turns(std::move(account), step);
}

/// Bodies must be decompressed, decoded and folded, so several threads share the work.
async::Task<SearchResult> search_bodies(store::AccountPtr account, store::MailboxPtr mailbox,
                                        store::FlagsView flags, const SearchProgram& program,
                                        const store::TextFilter* filter, std::vector<Span> spans,
                                        WorkLimit& limit) {
  // Messages of a piece: fewer if each of them takes long.
  constexpr std::uint32_t kMost = 64;
  const auto nodes = static_cast<std::uint32_t>(std::min<std::size_t>(program.nodes(), 4096));
  Shared shared(cut(spans, std::clamp(4096 / std::max(nodes, 1U), 1U, kMost)));
  // Half of the pool is left to others, and there are no more threads than processors.
  const std::size_t threads = std::max<std::size_t>(
      1, std::min<std::size_t>({shared.pieces.size(), account->store().offload().threads() / 2,
                                std::max(1U, std::thread::hardware_concurrency())}));
  std::deque<Run> runs;
  for (std::size_t i = 0; i < threads; ++i)
    runs.emplace_back(account, mailbox, flags, program, filter, limit);
  async::Gate others;
  for (std::size_t i = 1; i < threads; ++i) others.spawn(work_on(account, runs[i], shared, limit));
  co_await work_on(account, runs.front(), shared, limit);
  co_await others.wait_empty();
  co_return shared.result();
}

/// Returns the ordinals of the messages of which the rows do not decide.
std::vector<Ordinal> undecided(const store::FlagsView& flags, const SearchProgram& program,
                               const std::vector<Span>& spans) {
  const store::KeywordsView keywords = flags.keywords();
  std::vector<Ordinal> ordinals;
  for (const Span span : spans) {
    flags.for_each_leaf(
        span.first, span.end,
        [&](std::uint32_t, const store::MemberLeaf& m, const store::FlagLeaf& f, std::uint32_t from,
            std::uint32_t to) {
          const RowVerdicts verdicts = judge_rows(program.root(), m, f, keywords);
          LeafBits open = first_bits(to) & ~first_bits(from) & ~(verdicts.yes | verdicts.no);
          for (; open != 0; open &= open - 1)
            ordinals.emplace_back(m.ordinal[static_cast<std::size_t>(std::countr_zero(open))]);
        });
  }
  return ordinals;
}

/// Reads the filters of the messages that may have to be read.
async::Task<void> load_filter(store::TextFilter& filter, const store::FlagsView& flags,
                              const SearchProgram& program, const std::vector<Span>& spans) {
  const std::vector<Ordinal> ordinals = undecided(flags, program, spans);
  co_await filter.load(ordinals);
}

async::Task<SearchResult> search_within(store::AccountPtr account, store::MailboxPtr mailbox,
                                        store::FlagsView flags, const SearchProgram& program,
                                        Uid last, WorkLimit& limit) {
  // The number of conditions on rows times messages: well under a millisecond.
  constexpr std::uint64_t kInPlace = 500'000;
  async::OffloadPool& pool = account->store().offload();
  std::vector<Span> spans = spans_of(program, mailbox->contents->members(), last);
  // Rows are judged twice if there is a filter; a program of very many conditions does without.
  constexpr std::uint64_t kMostJudged = 100'000'000;
  std::optional<store::TextFilter> filter;
  if (!program.needles().empty() &&
      std::uint64_t{mailbox->contents->count()} * program.nodes() <= kMostJudged) {
    filter.emplace(account, program.needles());
    co_await async::off_loop(pool, load_filter(*filter, flags, program, spans));
    if (filter->is_incomplete()) store::Maintenance::request(account);
  }
  const store::TextFilter* const filters = filter ? &*filter : nullptr;
  if (program.root().depth == Depth::body) {
    co_return co_await search_bodies(std::move(account), std::move(mailbox), flags, program,
                                     filters, std::move(spans), limit);
  }
  const bool here = program.root().depth == Depth::row &&
                    std::uint64_t{mailbox->contents->count()} * program.nodes() <= kInPlace;
  Run run(account, std::move(mailbox), flags, program, filters, limit);
  if (here) co_return run(spans);
  Shared shared(cut(spans, Run::batch_size(program)));
  co_await work_on(std::move(account), run, shared, limit);
  co_return shared.result();
}

}  // namespace

async::Task<Result<SearchResult>> search(store::AccountPtr account, store::MailboxPtr mailbox,
                                         store::FlagsView flags, const SearchProgram& program,
                                         Uid last, WorkLimit& limit) {
  SearchResult found =
      co_await search_within(std::move(account), std::move(mailbox), flags, program, last, limit);
  if (Status done = limit.status(); !done) co_return pass(done);
  co_return found;
}

}  // namespace posthorn::search
