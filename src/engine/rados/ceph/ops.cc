#include "engine/rados/ceph/ops.h"

#include <utility>

namespace posthorn::engine::rados {

WriteOp::WriteOp() : op_(library().create_write_op()) {}

WriteOp& WriteOp::create(bool exclusive) {
  library().write_op_create(
      native(), exclusive ? LIBRADOS_CREATE_EXCLUSIVE : LIBRADOS_CREATE_IDEMPOTENT, nullptr);
  return *this;
}

WriteOp& WriteOp::assert_exists() {
  library().write_op_assert_exists(native());
  return *this;
}

WriteOp& WriteOp::assert_version(std::uint64_t version) {
  library().write_op_assert_version(native(), version);
  return *this;
}

WriteOp& WriteOp::compare_row(std::string_view key, std::string_view value) {
  library().write_op_omap_cmp2(native(), key.data(), LIBRADOS_CMPXATTR_OP_EQ, value.data(),
                               key.size(), value.size(), nullptr);
  return *this;
}

WriteOp& WriteOp::set_rows(const std::vector<Row>& rows) {
  if (rows.empty()) return *this;
  std::vector<const char*> keys;
  std::vector<const char*> values;
  std::vector<std::size_t> key_sizes;
  std::vector<std::size_t> value_sizes;
  for (const Row& row : rows) {
    keys.push_back(row.key.data());
    key_sizes.push_back(row.key.size());
    values.push_back(row.value.data());
    value_sizes.push_back(row.value.size());
  }
  library().write_op_omap_set2(native(), keys.data(), values.data(), key_sizes.data(),
                               value_sizes.data(), rows.size());
  return *this;
}

WriteOp& WriteOp::set_row(std::string key, std::string value) {
  std::vector<Row> rows;
  rows.push_back({std::move(key), std::move(value)});
  return set_rows(rows);
}

WriteOp& WriteOp::remove_rows(const std::vector<std::string>& keys) {
  if (keys.empty()) return *this;
  std::vector<const char*> names;
  std::vector<std::size_t> sizes;
  for (const std::string& key : keys) {
    names.push_back(key.data());
    sizes.push_back(key.size());
  }
  library().write_op_omap_rm_keys2(native(), names.data(), sizes.data(), keys.size());
  return *this;
}

WriteOp& WriteOp::write_full(std::string_view bytes) {
  library().write_op_write_full(native(), bytes.data(), bytes.size());
  return *this;
}

WriteOp& WriteOp::append(std::string_view bytes) {
  library().write_op_append(native(), bytes.data(), bytes.size());
  return *this;
}

WriteOp& WriteOp::truncate() {
  library().write_op_truncate(native(), 0);
  return *this;
}

WriteOp& WriteOp::set_attribute(const char* name, std::string_view value) {
  library().write_op_setxattr(native(), name, value.data(), value.size());
  return *this;
}

WriteOp& WriteOp::remove() {
  library().write_op_remove(native());
  return *this;
}

ReadOp::ReadOp() : op_(library().create_read_op()) {}

ReadOp::~ReadOp() {
  if (rows_ != nullptr) library().omap_get_end(rows_);
  for (const Range& range : ranges_)
    if (range.rows != nullptr) library().omap_get_end(range.rows);
  library().release_read_op(op_);
}

void ReadOp::rows(const std::vector<std::string>& keys) {
  std::vector<const char*> names;
  std::vector<std::size_t> sizes;
  for (const std::string& key : keys) {
    names.push_back(key.data());
    sizes.push_back(key.size());
  }
  library().read_op_omap_get_vals_by_keys2(op_, names.data(), names.size(), sizes.data(), &rows_,
                                           &rows_code_);
}

void ReadOp::range(const std::string& after, const std::string& prefix, std::uint64_t most) {
  Range& range = ranges_.emplace_back();
  library().read_op_omap_get_vals2(op_, after.c_str(), prefix.c_str(), most, &range.rows,
                                   &range.more, &range.code);
}

void ReadOp::stat() { library().read_op_stat(op_, &size_, &modified_, &stat_code_); }

void ReadOp::bytes(std::uint64_t offset, std::size_t most) {
  bytes_.resize(most);
  library().read_op_read(op_, offset, most, bytes_.data(), &got_, &bytes_code_);
}

namespace {

std::vector<Row> take(rados_omap_iter_t from) {
  std::vector<Row> rows;
  if (from == nullptr) return rows;
  for (;;) {
    char* key = nullptr;
    char* value = nullptr;
    std::size_t key_size = 0;
    std::size_t value_size = 0;
    if (library().omap_get_next2(from, &key, &value, &key_size, &value_size) != 0 || key == nullptr)
      return rows;
    rows.push_back({std::string(key, key_size),
                    value == nullptr ? std::string() : std::string(value, value_size)});
  }
}

}  // namespace

std::vector<Row> ReadOp::take_rows() { return take(rows_); }
std::vector<Row> ReadOp::take_range(std::size_t i) { return take(ranges_[i].rows); }

std::string ReadOp::take_bytes() {
  bytes_.resize(got_);
  return std::move(bytes_);
}

}  // namespace posthorn::engine::rados
