#include "backup/take.h"

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <sstream>

#include "backup/rate.h"

namespace posthorn::backup {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPortion = 1UL << 20;

/// Contents of files that were seen before.
class Known {
 public:
  void add(const ManifestFile& file) { files_.insert_or_assign(file.path, file); }
  /// Adds the lines of an interrupted backup. A line that was not written to its end is left out.
  void add_lines(const std::string& text) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      ManifestFile file;
      std::istringstream words(line);
      words >> file.sha256 >> file.found.size >> file.found.inode >> file.found.mtime_ns;
      words.get();
      std::getline(words, file.path);
      if (is_sum(file.sha256) && is_safe_path(file.path)) add(file);
    }
  }
  static std::string line_of(const ManifestFile& file) {
    return fmt::format("{} {} {} {} {}\n", file.sha256, file.found.size, file.found.inode,
                       file.found.mtime_ns, file.path);
  }
  [[nodiscard]] std::optional<std::string> sum_of(const std::string& path,
                                                  const Identity& found) const {
    const auto it = files_.find(path);
    if (it == files_.end() || it->second.found != found) return std::nullopt;
    return it->second.sha256;
  }

 private:
  std::map<std::string, ManifestFile> files_;
};

class Taking {
 public:
  Taking(const Repository& repository, const TakeOptions& options)
      : repository_(repository), options_(options), rate_(options.octets_per_second) {}

  async::Task<Result<Manifest>> run(const std::vector<Source>& sources) {
    Manifest manifest{.name = name_for(options_.taken),
                      .taken = options_.taken,
                      .source = options_.source,
                      .version = options_.version,
                      .files = {}};
    std::error_code ignored;
    if (fs::exists(repository_.manifest_path(manifest.name), ignored))
      co_return fail(ErrorKind::already_exists,
                     fmt::format("there is a backup {} already", manifest.name));
    Status ready = remember();
    if (!ready) co_return pass(ready);
    for (const Source& source : sources) {
      auto file = co_await save(source);
      if (!file && file.error().kind == ErrorKind::not_found && source.changes == Changes::perhaps)
        continue;
      if (!file) co_return pass(file);
      manifest.files.push_back(std::move(*file));
    }
    manifest.copied = copied_;
    Status done = finish(manifest);
    if (!done) co_return pass(done);
    co_return manifest;
  }

 private:
  /// Reads what earlier backups know. A damaged list of files only costs that the files are read
  /// again.
  Status remember() {
    auto names = repository_.names();
    if (!names) return pass(names);
    if (!names->empty())
      if (const auto last = repository_.load(names->back()))
        for (const ManifestFile& file : last->files) known_.add(file);
    const auto lines = read_all(repository_.unfinished_path(), 512UL << 20);
    known_.add_lines(lines.value_or(std::string()));
    auto journal = File::create(repository_.unfinished_path());
    if (!journal) return pass(journal);
    journal_.emplace(std::move(*journal));
    // Lines of the interrupted backup that was continued here must survive the next interruption.
    return journal_->write(lines.value_or(std::string()));
  }

  async::Task<Result<ManifestFile>> save(const Source& source) {
    auto found = identity_of(source.path);
    if (!found) co_return pass(found);
    ManifestFile file{source.as, {}, *found};
    const auto known = known_.sum_of(source.as, *found);
    if (known && has(*known, found->size)) {
      file.sha256 = *known;
    } else {
      Status done = co_await copy(source, file);
      if (done) done = journal_->write(Known::line_of(file));
      if (!done) co_return pass(done);
    }
    // Also for a content that is there: an interrupted backup may not have come so far.
    touched_.insert(fs::path(repository_.content_path(file.sha256)).parent_path().string());
    co_return file;
  }

  [[nodiscard]] bool has(const std::string& sum, std::uint64_t size) const {
    const auto there = identity_of(repository_.content_path(sum));
    return there && there->size == size;
  }

  async::Task<Status> copy(const Source& source, ManifestFile& file) {
    const std::string draft = repository_.folder() + "/files/draft";
    auto in = File::open_to_read(source.path);
    if (!in) co_return pass(in);
    auto out = File::create(draft);
    if (!out) co_return pass(out);
    Sha256 sum;
    std::uint64_t size = 0;
    std::string portion(kPortion, '\0');
    while (true) {
      auto got = in->read(portion);
      if (!got) co_return pass(got);
      if (*got == 0) break;
      std::string_view octets(portion.data(), *got);
      // What grows, such as a log, is saved as far as it went.
      if (source.changes == Changes::perhaps) octets = octets.substr(0, file.found.size - size);
      if (octets.empty()) break;
      sum.add(octets);
      size += octets.size();
      Status written = out->write(octets);
      if (!written) co_return written;
      rate_.spend(octets.size());
      if (options_.between) {
        Status further = co_await options_.between();
        if (!further) co_return further;
      }
    }
    if (size != file.found.size && source.changes == Changes::never)
      co_return fail(ErrorKind::io, fmt::format("{} has changed while it was copied", source.path));
    // What has changed is read again by the next backup.
    if (size != file.found.size) file.found = {.size = size};
    file.sha256 = sum.finish();
    co_return keep(draft, *out, file);
  }

  /// Gives the draft its name. Its octets are durable before.
  Status keep(const std::string& draft, File& out, const ManifestFile& file) {
    if (has(file.sha256, file.found.size)) return remove_file(draft);
    if (Status synced = out.sync(); !synced) return synced;
    const std::string place = repository_.content_path(file.sha256);
    const std::string folder = fs::path(place).parent_path().string();
    if (Status made = make_folder(folder); !made) return made;
    if (Status named = rename_file(draft, place); !named) return named;
    copied_ += file.found.size;
    return {};
  }

  /// The order matters: the list of files comes last, when everything it names is durable.
  Status finish(const Manifest& manifest) {
    for (const std::string& folder : touched_)
      if (Status synced = sync_folder(folder); !synced) return synced;
    Status written =
        write_atomically(repository_.manifest_path(manifest.name), format_manifest(manifest));
    if (!written) return written;
    return remove_file(repository_.unfinished_path());
  }

  const Repository& repository_;
  const TakeOptions& options_;
  Rate rate_;
  Known known_;
  std::optional<File> journal_;
  std::set<std::string> touched_;
  std::uint64_t copied_ = 0;
};

}  // namespace

Result<std::vector<Source>> sources_below(const std::string& folder, const Selection& selection) {
  std::vector<Source> sources;
  std::error_code error;
  fs::recursive_directory_iterator it(folder, error);
  for (; !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    const std::string below = it->path().lexically_relative(folder).string();
    std::error_code unknown;
    if (selection.skip && selection.skip(below)) {
      it.disable_recursion_pending();
    } else if (it->is_regular_file(unknown)) {
      sources.push_back({it->path().string(), selection.prefix + "/" + below, selection.changes});
    }
  }
  if (error)
    return fail(ErrorKind::io, fmt::format("{} cannot be listed", folder), error.message());
  std::ranges::sort(sources, {}, &Source::as);
  return sources;
}

async::Task<Result<Manifest>> take(const Repository& repository, std::vector<Source> sources,
                                   TakeOptions options) {
  Taking taking(repository, options);
  co_return co_await taking.run(sources);
}

}  // namespace posthorn::backup
