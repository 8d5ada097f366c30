#include "backup/manifest.h"

#include <boost/json.hpp>
#include <ctime>

namespace posthorn::backup {
namespace {

namespace json = boost::json;

constexpr std::uint64_t kFormat = 1;
constexpr std::string_view kSumLine = "sha256 ";

std::string sum_of(std::string_view text) {
  Sha256 sum;
  sum.add(text);
  return sum.finish();
}

std::unexpected<Error> damaged(std::string_view what) {
  return fail(ErrorKind::corrupt, fmt::format("the list of files is damaged: {}", what));
}

std::string text_in(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::int64_t number_in(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(name);
  if (value == nullptr) return 0;
  boost::system::error_code error;
  const auto number = value->to_number<std::int64_t>(error);
  return error ? 0 : number;
}

Result<ManifestFile> parse_file(const json::value& value) {
  if (!value.is_object()) return damaged("a file is not an object");
  const json::object& object = value.get_object();
  ManifestFile file;
  file.path = text_in(object, "path");
  file.sha256 = text_in(object, "sha256");
  file.found.size = static_cast<std::uint64_t>(number_in(object, "size"));
  file.found.inode = static_cast<std::uint64_t>(number_in(object, "inode"));
  file.found.mtime_ns = number_in(object, "mtime_ns");
  if (!is_safe_path(file.path)) return damaged("a path leads out of the folder");
  if (!is_sum(file.sha256)) return damaged("a checksum is malformed");
  return file;
}

}  // namespace

std::uint64_t Manifest::octets() const {
  std::uint64_t sum = 0;
  for (const ManifestFile& file : files) sum += file.found.size;
  return sum;
}

std::string name_for(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm parts{};
  gmtime_r(&time, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}{:02}{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

bool is_name(std::string_view text) {
  constexpr std::string_view kForm = "0000-00-00T000000Z";
  if (text.size() != kForm.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kForm[i] == '0' ? !digit : text[i] != kForm[i]) return false;
  }
  return true;
}

std::string format_manifest(const Manifest& manifest) {
  json::array files;
  for (const ManifestFile& file : manifest.files)
    files.push_back(json::object{{"path", file.path},
                                 {"sha256", file.sha256},
                                 {"size", file.found.size},
                                 {"inode", file.found.inode},
                                 {"mtime_ns", file.found.mtime_ns}});
  std::string text = json::serialize(json::object{{"format", kFormat},
                                                  {"name", manifest.name},
                                                  {"taken", manifest.taken},
                                                  {"source", manifest.source},
                                                  {"version", manifest.version},
                                                  {"copied", manifest.copied},
                                                  {"files", std::move(files)}});
  text += '\n';
  const std::string sum = sum_of(text);
  return text + std::string(kSumLine) + sum + '\n';
}

Result<Manifest> parse_manifest(std::string_view text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return damaged("it has no checksum");
  const std::string_view first = text.substr(0, end + 1);
  if (text.substr(end + 1) != fmt::format("{}{}\n", kSumLine, sum_of(first)))
    return damaged("its checksum is wrong");
  boost::system::error_code error;
  const json::value value = json::parse(first, error);
  if (error || !value.is_object()) return damaged("it is not a JSON object");
  const json::object& object = value.get_object();
  if (number_in(object, "format") != kFormat)
    return fail(ErrorKind::not_supported, "the backup was made by a newer version of Posthorn");
  Manifest manifest;
  manifest.name = text_in(object, "name");
  manifest.taken = number_in(object, "taken");
  manifest.source = text_in(object, "source");
  manifest.version = text_in(object, "version");
  manifest.copied = static_cast<std::uint64_t>(number_in(object, "copied"));
  const json::value* const files = object.if_contains("files");
  if (!is_name(manifest.name) || files == nullptr || !files->is_array())
    return damaged("a part of it is missing");
  for (const json::value& entry : files->get_array()) {
    auto file = parse_file(entry);
    if (!file) return pass(file);
    manifest.files.push_back(std::move(*file));
  }
  return manifest;
}

bool is_safe_path(std::string_view path) {
  if (path.empty() || path.contains('\0')) return false;
  while (true) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    if (part.empty() || part == "." || part == "..") return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

bool is_sum(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace posthorn::backup
