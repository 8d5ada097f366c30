#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "base/ids.h"
#include "base/result.h"
#include "engine/partition_version.h"

/// The storage engine: the interface between the store and the system that keeps the bytes.
/// docs/storage-format.md shows how each call maps onto RocksDB, RADOS and PostgreSQL.
///
/// A *partition* is the only unit of atomicity. It has *rows* (key < 1 KB, value < 64 KB, some
/// 50,000 rows, ordered bytewise), *pages* (immutable, private to the partition, named by a number
/// that it never reuses) and a *version* (partition_version.h). *Pieces* are immutable and shared
/// between partitions; *holder rows* beside a piece record which partitions use it. The limits are
/// in engine/limits.h.
///
/// Reads may return `io`, `corrupt` or, after close, `unavailable`. Each has two forms:
///
/// * A task, which waits for the disk or the network as long as it takes. The engine decides itself
///   when to leave the network threads. On a loop's thread the task never blocks: what is not in
///   memory is read elsewhere, and the task resumes its awaiter on that loop. On a thread without a
///   loop (async::Loop::current() is null) it may block, and may resume its awaiter on another
///   thread, but on none that the engine needs for its own work. A task takes its arguments by
///   value, because it starts only when it is awaited. The engine must outlive it, and a task that
///   was started must not be destroyed before it has ended.
/// * A `try_` form, which answers from memory at once, on any thread. It returns `would_block` if
///   waiting would be needed, or if it cannot tell whether the data exists. Any other result is the
///   same as that of the task.
///
/// Of the other calls, those that may wait for the disk must not be made on a loop's thread.
namespace posthorn::engine {

/// Writes one row, or removes it if there is no value.
struct Edit {
  std::string key;
  std::optional<std::string> value;
};

struct PageWrite {
  PageNumber number;
  std::string bytes;
};

/// A keyed hash (128 bits) of a piece's bytes. No generation number is needed: `erase` only acts on
/// the version that the sweeper saw, and every hold changes the version.
using PieceName = WideId<struct PieceNameTag>;

/// A `hold` that is part of a commit: writes the piece if it is absent, and adds the holder with
/// this stamp or, if the holder exists, raises its stamp if that is older.
struct PieceHold {
  PieceName name;
  std::string bytes;   ///< As stored. Ignored if the piece exists. May be empty only if the piece
                       ///< exists; otherwise the commit or hold fails with not_found.
  std::int64_t stamp;  ///< Time of this use, seconds since 1970.
};

/// A piece that a partition holds but may not need: it was written ahead and is in none of the
/// partition's commits yet, or a commit named it as a candidate. The sweeper examines it.
struct Candidate {
  PartitionId holder;
  PieceName piece;
  std::int64_t stamp = 0;  ///< Seconds since 1970.
  friend bool operator==(const Candidate&, const Candidate&) = default;
};

/// Data that must be durable no later than the commit that names it.
struct Carry {
  std::vector<PageWrite> pages;
  /// Removed once the commit is durable; they need not exist.
  std::vector<PageNumber> dropped_pages;
  std::vector<PieceHold> holds;       ///< Held by the committing partition.
  std::vector<Candidate> candidates;  ///< The holder is the committing partition; the field in the
                                      ///< candidate is ignored.
  /// The commit stores new mail, perhaps in its rows alone. A full engine that still takes other
  /// commits refuses such a one.
  bool new_mail = false;
};

struct Commit {
  PartitionId partition;
  /// The version that this commit was computed from. If the partition has another revision by now,
  /// the commit fails with conflict.
  PartitionVersion expect;
  /// Number of changes in this commit; 0 if it changes nothing visible.
  std::uint64_t advance = 0;
  std::vector<Edit> edits;
  Carry carry;
};

struct Row {
  std::string key;
  std::string value;
};

struct ScanResult {
  std::vector<Row> rows;
  PartitionVersion version;             ///< The partition's at the time these rows were read.
  std::optional<std::string> next_key;  ///< Where to continue; none at the end of the range.
};

/// The values of rows; none for a row that does not exist.
using Values = std::vector<std::optional<std::string>>;
/// Pages or pieces, each of which may be unreadable by itself.
using Blobs = std::vector<Result<std::string>>;
/// Takes one of several pages or pieces: `i` is its place in the list that was asked for, and the
/// bytes are valid during the call. Every place is given exactly once, in any order. Calls may run
/// on several threads at the same time, also on a loop's; all have returned when the read ends. It
/// may compute, for example decompress, but must not wait.
using BlobVisitor = std::function<void(std::size_t i, const Result<std::string_view>& bytes)>;

struct Bell {
  PartitionId partition;
  PartitionVersion version;
  bool missed = false;  ///< Notifications were lost: check every partition of interest.
};

struct Holder {
  PartitionId partition;
  std::int64_t stamp = 0;
};

/// The sweeper's view of a piece. `version` changes with every hold, unhold and write.
struct PieceInfo {
  PieceName name;
  std::uint64_t version = 0;
  std::uint64_t stored_bytes = 0;
  std::vector<Holder> holders;
};

/// A file of the engine that is missing or has the wrong length.
struct FileDamage {
  std::string file;  ///< Its path.
  /// A sentence, such as "it is missing" or "it has 10 octets and should have 20".
  std::string what;
};

/// Called exactly once: with the new version when the commit is durable, or with an error: conflict
/// (the error's text is the revision found, in decimal), io, too_big, not_found (of a piece),
/// unavailable. May run on any thread, also within `commit`; must be short and must not block. The
/// calls for one partition come in the order of its commits.
///
/// After success, the version is `expect.after(advance)`, so that a caller can compute the next
/// commit before this one is answered.
///
/// After `io`, nothing of the commit is visible, but after a restart it may be there as a whole;
/// the version then shows this. When a commit fails, all commits of its partition that were given
/// before its `done` was called fail with conflict, whatever they expect, because they may have
/// been computed from it.
using CommitDone = std::move_only_function<void(Result<PartitionVersion>)>;
/// Called after commits of a partition, whoever made them, with the version after the last of them.
/// Calls may be lost. May run on any thread; must be
/// short.
using BellListener = std::function<void(const Bell&)>;

class Engine {
 public:
  virtual ~Engine() = default;

  /// Writes a commit. It is atomic: after a crash, either all of it or none of it exists. Once
  /// `done` was called with success, it is permanent. Commits of one partition take effect in the
  /// order given. Never blocks on the disk; if the queue is full, `done` fails with `unavailable`.
  /// Thread: any.
  virtual void commit(Commit commit, CommitDone done) = 0;
  /// Announces that a commit is being prepared (1), or no longer is (-1), whether it was given or
  /// not. An engine that combines several commits in one sync may wait a moment for it. A hint
  /// only; the wait is always short.
  /// Thread: any.
  virtual void expect_commit(int /*more*/) {}

  /// Whether other processes may have the same store open, so that what this one knows of a
  /// partition may be outdated. Constant while the engine is open. Thread: any.
  [[nodiscard]] virtual bool is_shared() const { return false; }
  /// A body that takes at most this many octets as stored had better be in a row of its message's
  /// commit than in a piece of its own. 0 where pieces cost no more than rows. Constant while the
  /// engine is open. Thread: any.
  [[nodiscard]] virtual std::size_t small_body_octets() const { return 0; }

  /// Returns zeros for a partition without commits.
  virtual async::Task<Result<PartitionVersion>> version(PartitionId partition) = 0;
  virtual Result<PartitionVersion> try_version(const PartitionId& partition) = 0;
  /// Returns one optional per key, in order. Not a snapshot: a commit may take effect between the
  /// reads of two keys.
  virtual async::Task<Result<Values>> get(PartitionId partition, std::vector<std::string> keys) = 0;
  virtual Result<Values> try_get(const PartitionId& partition,
                                 std::span<const std::string> keys) = 0;
  /// Returns at most `limit` rows with first <= key < last; an empty `last` means the end of the
  /// partition. The rows of one result form a snapshot; two results need not belong to the same
  /// one.
  virtual async::Task<Result<ScanResult>> scan(PartitionId partition, std::string first,
                                               std::string last, std::size_t limit) = 0;
  virtual Result<ScanResult> try_scan(const PartitionId& partition, std::string_view first,
                                      std::string_view last, std::size_t limit) = 0;

  /// Writes a page ahead. It is durable no later than the partition's next durable commit, and
  /// readable at once. Until a commit names it, nothing stored refers to it. Page numbers begin at
  /// 1. A number that another process may use would overwrite its page
  /// (store/change/page_numbers.h). May wait for the disk.
  virtual Status put_page(const PartitionId& partition, PageNumber number, std::string bytes) = 0;
  /// Gives `visit` each page. An engine may read the pages in parallel, and need not copy them.
  /// Errors of a page: not_found, and those of a read.
  virtual async::Task<void> visit_pages(PartitionId partition, std::vector<PageNumber> numbers,
                                        BlobVisitor visit) = 0;
  virtual Result<std::string> try_read_page(const PartitionId& partition, PageNumber number) = 0;
  /// Removes pages that were written but never named by a commit. They may reappear after a crash.
  virtual Status drop_pages(const PartitionId& partition, std::span<const PageNumber> numbers) = 0;
  /// Returns the numbers of the existing pages above `after` (0: all), ascending. For check, and to
  /// remove leftovers.
  virtual Result<std::vector<PageNumber>> pages(const PartitionId& partition, PageNumber after,
                                                std::size_t limit) = 0;

  /// Writes ahead a piece of a message that is still being received; durable no later than the next
  /// commit of `holder` that follows. The same write makes it a candidate; a commit of `holder`
  /// that holds the piece without bytes clears the candidate. May wait for the disk.
  virtual Status hold(const PieceHold& piece, const PartitionId& holder) = 0;
  /// As visit_pages.
  virtual async::Task<void> visit_pieces(std::vector<PieceName> names, BlobVisitor visit) = 0;
  virtual Result<std::string> try_read_piece(const PieceName& name) = 0;

  // The same for callers that keep the bytes: one result for each number or name, in order.
  async::Task<Blobs> read_pages(PartitionId partition, std::vector<PageNumber> numbers);
  async::Task<Blobs> read_pieces(std::vector<PieceName> names);
  // For a single row, page or piece.
  async::Task<Result<std::optional<std::string>>> get_row(PartitionId partition, std::string key);
  async::Task<Result<std::string>> read_page(PartitionId partition, PageNumber number);
  async::Task<Result<std::string>> read_piece(PieceName name);

  /// The next three are for the sweeper and may wait for the disk. `unhold` removes the holder
  /// unless its stamp is later than `not_after`; an absent holder is no error. `erase` returns
  /// false if the piece's version is no longer `version`, or if the piece is held.
  virtual Result<std::optional<PieceInfo>> inspect(const PieceName& name) = 0;
  virtual Status unhold(const PieceName& name, const PartitionId& holder,
                        std::int64_t not_after) = 0;
  virtual Result<bool> erase(const PieceName& name, std::uint64_t version) = 0;
  /// Returns at most `limit` candidates above `after`, ascending by holder, then piece. May wait
  /// for the disk.
  virtual Result<std::vector<Candidate>> candidates(const std::optional<Candidate>& after,
                                                    std::size_t limit) = 0;
  /// Removes a candidate that was examined, unless it has been renewed with another stamp since.
  virtual Status clear_candidate(const Candidate& candidate) = 0;

  /// Writes rows that may be lost in a crash and have no Seq: \Recent, last login, throttles. They
  /// are read like other rows, so no commit may use their keys. Visible no later than the
  /// partition's next commit; dropped if the queue is full. Never blocks on the disk.
  virtual void hint(const PartitionId& partition, std::vector<Edit> edits) = 0;

  /// Replaces the listener (there is none by default). On return, the old one is no longer running.
  /// Must not be called from a listener.
  virtual void listen(BellListener listener) = 0;

  /// Returns at most `limit` partitions that have had a commit, ascending, above `after`. For
  /// check, sweep and backup.
  virtual Result<std::vector<PartitionId>> partitions(const std::optional<PartitionId>& after,
                                                      std::size_t limit) = 0;
  virtual Result<std::vector<PieceName>> pieces(const std::optional<PieceName>& after,
                                                std::size_t limit) = 0;

  /// Checks that every file of the engine exists and has the right length, without reading any. For
  /// check; may wait for the disk. The default is for engines without files. Errors: those of a
  /// read.
  virtual Result<std::vector<FileDamage>> verify_files() { return std::vector<FileDamage>(); }

  /// Returns 0, or a number that was made when this store may have become older than what clients
  /// have seen of it: acknowledged changes were lost and that was accepted, or an older copy was
  /// restored. Each such number is above all earlier ones. Numbers assigned before that time may be
  /// assigned again, unless the caller skips them (store/read/behind.h). Constant while the engine
  /// is open.
  /// Thread: any.
  [[nodiscard]] virtual std::uint64_t epoch() const { return 0; }

  /// Waits until everything queued has been answered, then flushes. Every later call returns
  /// `unavailable`. Must not be called from a `done` or a listener.
  virtual void close() = 0;
};

}  // namespace posthorn::engine
