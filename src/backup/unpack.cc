#include "backup/unpack.h"

#include <filesystem>
#include <set>

namespace posthorn::backup {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPortion = 1UL << 20;

/// Reads a content, writes it to `out` unless that is null, and returns its sum.
Result<std::string> read_through(const std::string& path, File* out) {
  auto in = File::open_to_read(path);
  if (!in) return pass(in);
  Sha256 sum;
  std::string portion(kPortion, '\0');
  while (true) {
    auto got = in->read(portion);
    if (!got) return pass(got);
    if (*got == 0) return sum.finish();
    const std::string_view octets(portion.data(), *got);
    sum.add(octets);
    if (out == nullptr) continue;
    if (Status written = out->write(octets); !written) return pass(written);
  }
}

std::unexpected<Error> damaged(const Manifest& manifest, const ManifestFile& file,
                               std::string_view what) {
  return fail(ErrorKind::corrupt,
              fmt::format("backup {}: {} (content {}) {}", manifest.name, file.path,
                          std::string_view(file.sha256).substr(0, 12), what));
}

Status copy(const Repository& repository, const Manifest& manifest, const ManifestFile& file,
            const std::string& target) {
  std::error_code ignored;
  if (fs::exists(fs::symlink_status(target, ignored)))
    return fail(ErrorKind::already_exists, fmt::format("{} exists already", target));
  auto out = File::create(target);
  if (!out) return pass(out);
  auto sum = read_through(repository.content_path(file.sha256), &*out);
  if (!sum && sum.error().kind == ErrorKind::not_found)
    return damaged(manifest, file, "is missing");
  if (!sum) return pass(sum);
  if (*sum != file.sha256) return damaged(manifest, file, "is damaged");
  return out->sync();
}

/// Tables and blob files are written once.
bool never_changes(std::string_view path) {
  return path.ends_with(".sst") || path.ends_with(".blob");
}

Status link(const Repository& repository, const ManifestFile& file, const std::string& target) {
  std::error_code error;
  const fs::path content = fs::absolute(repository.content_path(file.sha256), error);
  if (!error) fs::create_symlink(content, target, error);
  if (error)
    return fail(ErrorKind::io, fmt::format("{} cannot be created", target), error.message());
  return {};
}

template <class PutFile>
Status place_all(const Manifest& manifest, const Placement& placement, PutFile put) {
  std::set<std::string> folders;
  for (const ManifestFile& file : manifest.files) {
    if (!file.path.starts_with(placement.from)) continue;
    const std::string target = placement.to + "/" + file.path.substr(placement.from.size());
    const std::string folder = fs::path(target).parent_path().string();
    if (folders.insert(folder).second)
      if (Status made = make_folder(folder); !made) return made;
    if (Status done = put(file, target); !done) return done;
  }
  for (const std::string& folder : folders)
    if (Status synced = sync_folder(folder); !synced) return synced;
  return {};
}

}  // namespace

Status unpack(const Repository& repository, const Manifest& manifest, const Placement& placement) {
  return place_all(manifest, placement, [&](const ManifestFile& file, const std::string& target) {
    return copy(repository, manifest, file, target);
  });
}

Status link_up(const Repository& repository, const Manifest& manifest, const Placement& placement) {
  return place_all(manifest, placement, [&](const ManifestFile& file, const std::string& target) {
    return never_changes(file.path) ? link(repository, file, target)
                                    : copy(repository, manifest, file, target);
  });
}

Result<std::vector<std::string>> verify(const Repository& repository, const Manifest& manifest,
                                        std::vector<std::string>& verified) {
  std::vector<std::string> found;
  std::set<std::string> good(verified.begin(), verified.end());
  for (const ManifestFile& file : manifest.files) {
    if (good.contains(file.sha256)) continue;
    auto sum = read_through(repository.content_path(file.sha256), nullptr);
    if (!sum && sum.error().kind == ErrorKind::not_found) {
      found.push_back(damaged(manifest, file, "is missing").error().text);
    } else if (!sum) {
      found.push_back(damaged(manifest, file, fmt::format("cannot be read: {}", sum.error().text))
                          .error()
                          .text);
    } else if (*sum != file.sha256) {
      found.push_back(damaged(manifest, file, "is damaged").error().text);
    } else {
      good.insert(file.sha256);
    }
  }
  verified.assign(good.begin(), good.end());
  return found;
}

}  // namespace posthorn::backup
