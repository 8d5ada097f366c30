#pragma once

#include <rados/librados.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.h"
#include "engine/rados/ceph/library.h"

/// Operations on one object, which Ceph performs as a whole or not at all, and, for reads, of one
/// moment.
namespace posthorn::engine::rados {

/// Collects the steps of one write. If a step fails, none takes effect, and the operation's code
/// (Connection::write) is that of the step.
class WriteOp {
 public:
  WriteOp();

  /// With `exclusive`, -EEXIST if the object exists.
  WriteOp& create(bool exclusive);
  WriteOp& assert_exists();                        ///< -ENOENT
  WriteOp& assert_version(std::uint64_t version);  ///< -ERANGE or -EOVERFLOW
  /// -ECANCELED unless the row has this value. A row that is absent equals the empty value.
  WriteOp& compare_row(std::string_view key, std::string_view value);
  WriteOp& set_rows(const std::vector<Row>& rows);
  WriteOp& set_row(std::string key, std::string value);
  WriteOp& remove_rows(const std::vector<std::string>& keys);
  WriteOp& write_full(std::string_view bytes);
  WriteOp& append(std::string_view bytes);
  WriteOp& truncate();  ///< Removes the object's bytes, and not its rows.
  WriteOp& set_attribute(const char* name, std::string_view value);
  WriteOp& remove();

  [[nodiscard]] rados_write_op_t native() const { return op_.get(); }

 private:
  struct Release {
    void operator()(void* op) const { library().release_write_op(op); }
  };
  std::unique_ptr<void, Release> op_;
};

/// Collects the steps of one read, and has what they found once it has ended. Must stay where it is
/// until then.
class ReadOp {
 public:
  ReadOp();
  ReadOp(const ReadOp&) = delete;
  ReadOp& operator=(const ReadOp&) = delete;
  ~ReadOp();

  /// Asks for rows by name. May be called once.
  void rows(const std::vector<std::string>& keys);
  /// Asks for rows above `after` that begin with `prefix`, `most` at most; Ceph may give fewer.
  /// Keys must not contain zero octets. May be called several times; all ranges are of one moment.
  void range(const std::string& after, const std::string& prefix, std::uint64_t most);
  /// Asks for the object's size.
  void stat();
  /// Asks for `most` octets from `offset` on.
  void bytes(std::uint64_t offset, std::size_t most);

  // What was found; to be called once the operation has ended without an error.
  [[nodiscard]] std::vector<Row> take_rows();
  /// The rows of the range that was asked for as the `i`-th, counted from 0.
  [[nodiscard]] std::vector<Row> take_range(std::size_t i = 0);
  /// Whether the range goes on after the rows that were given.
  [[nodiscard]] bool has_more(std::size_t i = 0) const { return ranges_[i].more != 0; }
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] std::string take_bytes();

  [[nodiscard]] rados_read_op_t native() const { return op_; }

 private:
  struct Range {
    rados_omap_iter_t rows = nullptr;
    unsigned char more = 0;
    int code = 0;
  };

  rados_read_op_t op_;
  rados_omap_iter_t rows_ = nullptr;
  std::deque<Range> ranges_;  ///< librados writes to them, so they stay where they are.
  std::uint64_t size_ = 0;
  time_t modified_ = 0;
  std::string bytes_;
  std::size_t got_ = 0;
  int rows_code_ = 0;
  int stat_code_ = 0;
  int bytes_code_ = 0;
};

}  // namespace posthorn::engine::rados
