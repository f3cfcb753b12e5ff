"""The drafts page: runs begun and watched, drafts gone through sentence by sentence beside their evidence."""
