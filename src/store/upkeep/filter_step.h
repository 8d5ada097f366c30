#pragma once

#include <optional>
#include <vector>

#include "store/filter/filter_catalog.h"
#include "store/read/email_catalog.h"
#include "store/texts/texts_catalog.h"

namespace posthorn::store {

/// The next thing to do about the filters of an account, as a value.
struct FilterStep {
  /// These go, because they are outdated or damaged, or their signatures are merged into one
  /// filter.
  std::vector<FilterRef> replaced;
  bool merge = false;
  std::optional<GroupRef> group;  ///< This one gets a filter.
  bool with_attachments = false;  ///< It is made with the text of attachments.

  /// These texts of attachments go, because they are outdated or damaged.
  std::vector<TextsRef> replaced_texts;
  struct Extract {
    GroupRef group;
    Ordinal from;
  };
  /// Of these messages the text of attachments is extracted.
  std::optional<Extract> extract;

  [[nodiscard]] bool is_about_texts() const { return !replaced_texts.empty() || extract; }
  [[nodiscard]] bool is_needed() const {
    return !replaced.empty() || group.has_value() || is_about_texts();
  }
};

/// The number of filters of single groups that are merged into one. A search reads one part for
/// each gram and filter, however many messages the filter has.
inline constexpr std::size_t kMergedFilters = 16;

/// What there is of the text of attachments.
struct KnownTexts {
  const TextsCatalog& catalog;
  const TextsCatalog::Refs& refs;
  bool wanted = false;  ///< Attachments are searched.
};

/// What cannot be used is removed first, then groups without a filter get one, and only when every
/// group has one, neighbours are merged: a filter that is merged leaves no group out. Where
/// attachments are searched, the text of a group's attachments is extracted before the group gets a
/// filter. A filter from before that is replaced when the text of all of its messages is there.
FilterStep next_filter_step(const EmailCatalog::Groups& groups, const FilterCatalog& catalog,
                            const FilterCatalog::Refs& refs,
                            const std::optional<KnownTexts>& texts = std::nullopt);

}  // namespace posthorn::store
