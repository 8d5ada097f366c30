#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"

/// The storage engine: what the store asks of whatever keeps the bytes. docs/storage-format.md
/// shows how each call maps onto RocksDB, RADOS and PostgreSQL.
///
/// A *partition* is the only unit of atomicity. It has *rows* (key < 1 KB, value < 64 KB, some
/// 50,000, ordered as bytes), *pages* (immutable, private to it, named by a number it never uses
/// twice) and a *tail* (its Seq). *Pieces* are immutable and shared between partitions; *holder
/// rows* beside a piece say which partitions use it. Bounds are in engine/limits.h.
///
/// Reads answer `would_block` (cached_only), `io`, `corrupt` or, after close, `unavailable`.
namespace posthorn::engine {

/// Whether a read may wait for a disk. A cached-only read answers would_block whenever it would
/// have to, or cannot tell whether what was asked for is there; any other answer is the one that a
/// read which may block would give.
enum class Tier : std::uint8_t { cached_only, may_block };

/// One row written, or removed where there is no value.
struct Edit {
  std::string key;
  std::optional<std::string> value;
};

struct PageWrite {
  PageNumber number;
  std::string bytes;
};

/// A keyed hash of a piece's bytes (128 bits). No generation is needed beside it: `erase` happens
/// only at the version the sweeper saw, and a hold changes the version.
using PieceName = WideId<struct PieceNameTag>;

/// What `hold` does, riding in a commit: writes the piece if absent, adds the holder with this
/// stamp, or raises the holder's stamp if it is older.
struct PieceHold {
  PieceName name;
  std::string bytes;   ///< As stored; ignored when the piece is there, and if empty it must be:
                       ///< otherwise the commit or hold fails with not_found.
  std::int64_t stamp;  ///< Seconds since 1970, of this use.
};

/// A piece that a partition holds and may have no use for: written ahead and in none of its commits
/// yet, or named as such by a commit. A sweeper is to look.
struct Candidate {
  PartitionId holder;
  PieceName piece;
  std::int64_t stamp = 0;  ///< Seconds since 1970.
  friend bool operator==(const Candidate&, const Candidate&) = default;
};

/// Bytes that must be durable no later than the commit that names them.
struct Carry {
  std::vector<PageWrite> pages;
  std::vector<PageNumber>
      dropped_pages;             ///< Gone once the commit is durable; may be absent before.
  std::vector<PieceHold> holds;  ///< Held by the committing partition.
  std::vector<Candidate>
      candidates;  ///< Their holder is the committing partition, whatever they say.
};

struct Commit {
  PartitionId partition;
  Seq expect;  ///< The tail this commit was computed from.
  std::uint64_t advance =
      0;  ///< How many changes it holds; 0 for one that changes nothing visible.
  std::vector<Edit> edits;
  Carry carry;
};

struct Row {
  std::string key;
  std::string value;
};

struct ScanResult {
  std::vector<Row> rows;
  Seq tail;                             ///< The partition's tail when these rows were read.
  std::optional<std::string> next_key;  ///< Where to go on; none at the end of the range.
};

struct Bell {
  PartitionId partition;
  Seq tail;
  bool missed = false;  ///< Bells were lost: look at everything you care about.
};

struct Holder {
  PartitionId partition;
  std::int64_t stamp = 0;
};

/// What the sweeper sees of a piece. `version` changes with every hold, unhold and write.
struct PieceInfo {
  PieceName name;
  std::uint64_t version = 0;
  std::uint64_t stored_bytes = 0;
  std::vector<Holder> holders;
};

/// A file of the engine's own that is not as it should be.
struct FileDamage {
  std::string file;  ///< Its path.
  std::string what;  ///< A sentence: "it is missing", "it has 10 octets and should have 20".
};

/// Called once when the commit is durable (the new tail) or has failed: conflict (the error's text
/// is the tail in decimal), io, too_big, not_found (of a piece), unavailable. May run on any
/// thread, inside `commit` too; must be short and not block. Calls for one partition come in the
/// order of its commits.
///
/// After `io` nothing of the commit is seen, but it may be found whole after a restart: the tail
/// then says so. When a commit fails, those of its partition given before its `done` was called
/// fail with conflict, whatever they expect, since they may have been computed from it.
using CommitDone = std::move_only_function<void(Result<Seq>)>;
/// Called when a partition's tail moved; lossy, on any thread, must be short.
using BellListener = std::function<void(const Bell&)>;

class Engine {
 public:
  virtual ~Engine() = default;

  /// Atomic: after a crash either all of it or none of it is there, and once `done` was called
  /// with success it is there for ever. Commits of one partition take effect in the order given.
  /// Thread: any. Never blocks on the disk; a full queue makes `done` fail with `unavailable`.
  virtual void commit(Commit commit, CommitDone done) = 0;
  /// A commit is being prepared (1), or is no longer (-1), be it given or not: an engine that makes
  /// one sync of several commits may wait a moment for it. A hint, and never waited for long.
  /// Thread: any.
  virtual void expect_commit(int /*more*/) {}

  /// 0 for a partition never committed to.
  virtual Result<Seq> tail(const PartitionId& partition, Tier tier) = 0;
  /// One optional per key, in order. A commit may take effect between the reading of two keys.
  virtual Result<std::vector<std::optional<std::string>>> get(const PartitionId& partition,
                                                              std::span<const std::string> keys,
                                                              Tier tier) = 0;
  /// Rows with first <= key < last (an empty `last`: to the end of the partition), at most `limit`.
  /// All rows of one answer are of one moment; two answers need not be.
  virtual Result<ScanResult> scan(const PartitionId& partition, std::string_view first,
                                  std::string_view last, std::size_t limit, Tier tier) = 0;

  /// Durable no later than the next durable commit of this partition. Readable at once; nothing
  /// stored names it before a commit does. Page numbers begin at 1. May wait for the disk.
  virtual Status put_page(const PartitionId& partition, PageNumber number, std::string bytes) = 0;
  virtual Result<std::string> read_page(const PartitionId& partition, PageNumber number,
                                        Tier tier) = 0;
  /// For pages written and never named by a commit. After a crash they may be there again.
  virtual Status drop_pages(const PartitionId& partition, std::span<const PageNumber> numbers) = 0;
  /// Page numbers present, ascending, after `after` (exclusive; 0 for all): for check and for
  /// clearing leftovers.
  virtual Result<std::vector<PageNumber>> pages(const PartitionId& partition, PageNumber after,
                                                std::size_t limit) = 0;

  /// Writes ahead a piece of a message still streaming in; durable no later than the next commit of
  /// `holder` that follows. Makes it a candidate in the same write; a commit of `holder` that holds
  /// the piece without bytes makes it none again. May wait for the disk.
  virtual Status hold(const PieceHold& piece, const PartitionId& holder) = 0;
  virtual Result<std::string> read_piece(const PieceName& name, Tier tier) = 0;

  /// The sweeper's three, which may wait for the disk. `unhold` removes the holder unless its stamp
  /// is later than `not_after`; what is not there is no error. `erase` answers false when the
  /// version is no longer `version`, and for a piece that is held.
  virtual Result<std::optional<PieceInfo>> inspect(const PieceName& name) = 0;
  virtual Status unhold(const PieceName& name, const PartitionId& holder,
                        std::int64_t not_after) = 0;
  virtual Result<bool> erase(const PieceName& name, std::uint64_t version) = 0;
  /// Ascending by holder, then piece, from `after` (exclusive), at most `limit`. May wait for the
  /// disk.
  virtual Result<std::vector<Candidate>> candidates(const std::optional<Candidate>& after,
                                                    std::size_t limit) = 0;
  /// It was looked at: no candidate any more, unless it was made one again with another stamp.
  virtual Status clear_candidate(const Candidate& candidate) = 0;

  /// Rows that may be lost in a crash and have no number: \Recent, last login, throttles. Read like
  /// any row, so their keys must be no commit's. Seen no later than the next commit of the
  /// partition; dropped when the queue is full. Never blocks on the disk.
  virtual void hint(const PartitionId& partition, std::vector<Edit> edits) = 0;

  /// Replaces the listener (none by default); the old one is not running any more on return. Not to
  /// be called from a listener.
  virtual void listen(BellListener listener) = 0;

  /// Those ever committed to, ascending from `after` (exclusive), at most `limit`: for check, sweep
  /// and backup.
  virtual Result<std::vector<PartitionId>> partitions(const std::optional<PartitionId>& after,
                                                      std::size_t limit) = 0;
  virtual Result<std::vector<PieceName>> pieces(const std::optional<PieceName>& after,
                                                std::size_t limit) = 0;

  /// Looks whether every file that the engine needs is there and as long as it should be, without
  /// reading any. For check; may wait for the disk. Errors: those of a read. None by default: an
  /// engine without files.
  virtual Result<std::vector<FileDamage>> verify_files() { return std::vector<FileDamage>(); }

  /// 0, or a number above any before it that was made when this store may have become older than
  /// what clients have seen of it: acknowledged changes were lost and that was accepted, or an
  /// older copy was put in its place. Numbers that were given out before may be given out again
  /// unless the caller skips them (store/read/behind.h). The same while the engine is open. Thread:
  /// any.
  [[nodiscard]] virtual std::uint64_t epoch() const { return 0; }

  /// Waits until everything queued has been answered and flushes; every later call gets
  /// `unavailable`. Not to be called from a `done` or a listener.
  virtual void close() = 0;
};

}  // namespace posthorn::engine
