#include "server/imap/special_uses.h"

#include <algorithm>
#include <array>
#include <utility>

#include "text/ascii.h"

namespace posthorn::server::imap {
namespace {

using store::SpecialUse;

constexpr auto kUses = std::to_array<std::pair<std::string_view, SpecialUse>>({
    {"\\All", SpecialUse::all},
    {"\\Archive", SpecialUse::archive},
    {"\\Drafts", SpecialUse::drafts},
    {"\\Flagged", SpecialUse::flagged},
    {"\\Junk", SpecialUse::junk},
    {"\\Sent", SpecialUse::sent},
    {"\\Trash", SpecialUse::trash},
    {"\\Important", SpecialUse::important},
});

}  // namespace

std::optional<SpecialUse> special_use_of(std::string_view attribute) {
  const auto* const known = std::ranges::find_if(
      kUses, [&](const auto& use) { return text::iequals(use.first, attribute); });
  if (known == kUses.end()) return std::nullopt;
  return known->second;
}

std::string attributes_of_uses(store::SpecialUses uses) {
  std::string out;
  for (const auto& [attribute, use] : kUses) {
    if ((uses & bit(use)) == 0) continue;
    if (!out.empty()) out += ' ';
    out += attribute;
  }
  return out;
}

std::optional<store::SpecialUses> uses_of_attributes(std::string_view attributes) {
  store::SpecialUses uses = 0;
  while (!attributes.empty()) {
    const std::size_t end = std::min(attributes.find(' '), attributes.size());
    const std::string_view attribute = attributes.substr(0, end);
    attributes.remove_prefix(std::min(end + 1, attributes.size()));
    if (attribute.empty()) continue;
    const auto use = special_use_of(attribute);
    if (!use) return std::nullopt;
    uses |= bit(*use);
  }
  return uses;
}

}  // namespace posthorn::server::imap
