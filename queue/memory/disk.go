package memory

import "os"

// file is what the journal needs of a segment.
type file interface {
	WriteAt(b []byte, off int64) (int, error)
	Truncate(size int64) error
	Sync() error
	Close() error
}

// begin writes an empty segment.
func begin(f file) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	if _, err := f.WriteAt([]byte(magic), 0); err != nil {
		return err
	}
	return f.Sync()
}

// openFile opens a segment for writing.
func openFile(path string) (file, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	return diskFile{f}, nil
}

// diskFile syncs the data and leaves out times that nobody reads.
type diskFile struct{ *os.File }

func (f diskFile) Sync() error { return datasync(f.File) }

// unsynced is the disk with syncing left out.
func (d disk) unsynced() disk {
	open := d.open
	d.open = func(path string) (file, error) {
		f, err := open(path)
		return unsynced{f}, err
	}
	d.syncDir = func(string) error { return nil }
	return d
}

type unsynced struct{ file }

func (unsynced) Sync() error { return nil }
